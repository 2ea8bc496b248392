/** Starts and checks a restored database. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Pod } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, pods } from '#src/api/resources.ts';
import type { Place } from '#test/e2e/place.ts';

import type { Cut } from './cut.ts';
import { settings, type Mark } from './database.ts';
import type { GuideDatabase } from './guide-objects.ts';

export const usable = 'usable';
const look = await readFile(join(import.meta.dirname, 'look.sh'), 'utf8');

/** As in the guide. */
const sums = [
  'select sum(abalance) from pgbench_accounts',
  'select sum(tbalance) from pgbench_tellers',
  'select sum(bbalance) from pgbench_branches',
  'select coalesce(sum(delta), 0) from pgbench_history',
].join(' union all ');

/** Restores the copy next to the database. Resolves with `usable`, or with the first problem. */
export async function checkCopy(
  place: Place,
  database: GuideDatabase,
  { sessions, suffix, committed }: Pick<Cut, 'sessions'> & { suffix: string; committed: Mark },
): Promise<string> {
  for (const { target, session } of sessions)
    await place.succeeds(`restore ${target} --from ${session} --suffix -${suffix}`);
  const { metadata } = await place.create(pods, podOf(database, suffix));
  const { name } = metadata;
  await place.until(pods, (all) =>
    all.some(({ metadata, status }) => metadata.name === name && status?.phase === 'Running'),
  );
  const verdict = await place.sh(
    name,
    `set -- ${committed.lines} '${committed.snapshot}'\nsums='${sums}'\n${look}`,
  );
  await place.remove(pods, name);
  await place.remove(persistentVolumeClaims, ...database.claims.map((claim) => `${claim}-${suffix}`));
  return verdict;
}

/** The guide's pod, changed so that it outlives its server. */
function podOf({ copy }: GuideDatabase, suffix: string): Pod {
  const script = 'docker-entrypoint.sh "$@" > /tmp/log 2>&1; touch /tmp/ended; exec sleep 3600';
  return {
    ...copy,
    metadata: { name: `copy-${suffix}` },
    spec: {
      ...copy.spec,
      terminationGracePeriodSeconds: 0,
      containers: copy.spec.containers.map((container) => ({
        ...container,
        command: ['sh', '-c', script, 'sh'],
        args: settings,
      })),
      volumes: (copy.spec.volumes ?? []).map((volume) => ({
        ...volume,
        persistentVolumeClaim: {
          claimName: (volume.persistentVolumeClaim?.claimName ?? '').replace(/copy$/, suffix),
        },
      })),
    },
  };
}
