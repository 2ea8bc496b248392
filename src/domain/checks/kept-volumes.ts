/** Reports volumes that restores in place have kept. They take storage until a user runs `forget`. */
import { persistentVolumes } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatAge } from '#src/domain/duration.ts';
import type { Finding } from '#src/domain/finding.ts';
import { keptVolumes, type ListedVolume } from '#src/domain/in-place/kept-volumes.ts';
import { formatBytes } from '#src/domain/quantity.ts';
import { volumeSize } from '#src/domain/workload/volume-size.ts';

import { whereRead, type CheckOfCluster } from './check.ts';
import { fewOf } from './few.ts';

const longMs = 7 * 24 * 3_600_000;

export const oldKeptVolumes: CheckOfCluster = {
  name: 'kept-volumes',
  of: 'cluster',
  about:
    'No restore in place has kept volumes for more than a week: they take storage, and nothing but `forget` gives them up. The message says how much each session keeps.',
  rights: [{ verb: 'list', resource: persistentVolumes }],
  find: ({ swapped, namespace, now }) =>
    whereRead(swapped, (volumes) => {
      const kept = keptVolumes({ volumes, sessions: [], points: [] }).filter(
        ({ swapped: each }) =>
          each.role === 'kept' && (namespace === undefined || each.namespace === namespace),
      );
      const bySession = Map.groupBy(kept, ({ swapped: each }) => `${each.namespace}/${each.session}`);
      const told = [...bySession.values()].map((each) => tell(each, now));
      return fewOf(told, (rest) => `${rest} more restores in place keep volumes`);
    }),
};

function tell(kept: readonly ListedVolume[], now: Date): Finding {
  const [first] = kept;
  const { session = '', namespace = '' } = first?.swapped ?? {};
  const since = Math.min(...kept.map(({ swapped }) => Date.parse(swapped.since)));
  const bytes = kept.reduce((sum, { volume }) => sum + volumeSize(volume), 0n);
  const count = kept.length === 1 ? '1 volume' : `${kept.length} volumes`;
  const age = now.getTime() - since;
  const what = `restoresession ${namespace}/${session} has kept ${count} of ${formatBytes(bytes)}`;
  // The annotation may hold any text, or a time in the future.
  if (!(age >= 0)) return { level: 'ok', message: `${what}, and does not say since when` };
  const message = `${what} for ${formatAge(age)}`;
  if (age <= longMs) return { level: 'ok', message };
  return {
    ...{ level: 'warn', message },
    hint: [
      'to see what depends on them, before "forget" gives them up:',
      commandLine`kubectl stash volumes -n ${namespace} -o wide`,
    ].join('\n'),
  };
}
