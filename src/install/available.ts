/** Sees the operator's Deployment through, and says what keeps it. */
import type { Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { operatorName } from '#src/api/operator.ts';
import { deployments, pods } from '#src/api/resources.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { notListed, observe } from '#src/cluster/observe.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { podLabels } from '#src/domain/install/options.ts';
import { rolloutOf, type Rollout } from '#src/domain/install/rollout.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Waiting } from './until.ts';

/** Resolves when every replica is up to date and available. `tell` gets a line for each change. */
export async function untilAvailable(
  waiting: Waiting,
  namespace: string,
  tell: (line: string) => void,
): Promise<void> {
  const { clock, signal, timeoutMs } = waiting;
  const end = new Date(clock.now().getTime() + timeoutMs);
  const told = new Set<string>();
  using loop = createLoop(clock, signal);
  const seen = watchBoth(waiting, namespace, loop);
  try {
    await loop.race(orUntil(clock, end, seen.synced));
    if (!seen.isSynced()) throw notListed(deployments, timeoutMs, seen.lost());
    for (;;) {
      const rollout = seen.rollout();
      const lines = [...(told.has(rollout.state) ? [] : [rollout.state]), ...rollout.trouble];
      for (const line of new Set(lines)) if (!told.has(line)) tell(line);
      lines.forEach((line) => told.add(line));
      if (rollout.done) return;
      if (clock.now() >= end) throw late(rollout, namespace, timeoutMs);
      await loop.wait(end);
    }
  } catch (error) {
    if (!isStashError(error, 'interrupted')) throw error;
    throw new StashError('interrupted', 'interrupted; the operator is installed, and may not be up yet', {
      hint: `kubectl rollout status deployment/${operatorName} -n ${namespace}`,
    });
  }
}

function watchBoth({ cluster }: Waiting, namespace: string, loop: ReturnType<typeof createLoop>) {
  const byName = { namespace, fieldSelector: `metadata.name=${operatorName}` };
  const labelSelector = formatSelector({ matchLabels: { ...podLabels } });
  const deployment = observe<Workload>(cluster, deployments, byName, loop.signal, loop.ring);
  // Only for the words: whoever may not read pods does without.
  const found = observe<Pod>(cluster, pods, { namespace, labelSelector }, loop.signal, loop.ring);
  return {
    synced: deployment.synced,
    isSynced: () => deployment.isSynced(),
    lost: () => deployment.lost(),
    rollout(): Rollout {
      const failure = deployment.failure();
      if (failure) throw failure;
      const current: Stored<Workload> | undefined = deployment.items.get(operatorName);
      if (current) return rolloutOf(current, [...found.items.values()]);
      throw new StashError('precondition', `deployment/${operatorName} was deleted while it started`, {
        hint: `kubectl stash install -n ${namespace}`,
      });
    },
  };
}

function late({ state, trouble }: Rollout, namespace: string, timeoutMs: number): StashError {
  const why = trouble.length === 0 ? 'its pods do not become ready' : [...new Set(trouble)].join('; ');
  return new StashError(
    'timed-out',
    `the operator is not up after ${formatDuration(timeoutMs)}: ${state}; ${why}`,
    {
      hint: `kubectl describe pods -n ${namespace} -l ${formatSelector({ matchLabels: { ...podLabels } })}\nkubectl logs -n ${namespace} deployment/${operatorName}`,
    },
  );
}
