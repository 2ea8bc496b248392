/** Deletion takes as long as somebody's finalizer holds an object. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { backupSessions, restoreSessions, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { notListed, observe, type Observed } from '#src/cluster/observe.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { StashError } from '#src/errors.ts';

import type { FollowEnvironment } from './follow.ts';

const kinds: readonly Resource[] = [volumeSnapshots, backupSessions, restoreSessions];

/** Resolves once none of these very objects is left; rejects with 'timed-out' with the names of those that are. */
export async function awaitGone(
  { cluster, clock, signal }: Pick<FollowEnvironment, 'cluster' | 'clock' | 'signal'>,
  objects: readonly Stored<KubernetesObject>[],
  { namespace, timeoutMs }: { readonly namespace: string; readonly timeoutMs: number },
): Promise<void> {
  const until = new Date(clock.now().getTime() + timeoutMs);
  using loop = createLoop(clock, signal);
  const observed = new Map<string, Observed<KubernetesObject>>();
  for (const resource of kinds.filter(({ kind }) => objects.some((object) => object.kind === kind))) {
    const only = { namespace, metadataOnly: true };
    observed.set(resource.kind, observe(cluster, resource, only, loop.signal, loop.ring));
  }
  await loop.race(orUntil(clock, until, Promise.all([...observed.values()].map(({ synced }) => synced))));
  for (;;) {
    const failure = [...observed.values()].map((each) => each.failure()).find((each) => each !== undefined);
    if (failure) throw failure;
    for (const [kind, each] of observed) {
      if (!each.isSynced()) throw notListed({ plural: `${kind.toLowerCase()}s` }, timeoutMs, each.lost());
    }
    const left = objects.filter(
      ({ kind, metadata }) => observed.get(kind)?.items.get(metadata.name)?.metadata.uid === metadata.uid,
    );
    const [first] = left;
    if (first === undefined) return;
    if (clock.now() >= until) {
      const names = left.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
      throw new StashError(
        'timed-out',
        `still being deleted after ${formatDuration(timeoutMs)}: ${names.join(', ')}`,
        {
          hint: commandLine`kubectl describe ${first.kind.toLowerCase()} ${first.metadata.name} -n ${namespace}`,
        },
      );
    }
    await loop.wait(until);
  }
}
