/** Sees the operator's Deployment through, and says what keeps it. */
import { operatorName } from '#src/api/operator.ts';
import { deployments, pods } from '#src/api/resources.ts';
import { byName } from '#src/cluster/by-name.ts';
import { waitFor } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { podLabels } from '#src/domain/install/options.ts';
import { rolloutOf, type Rollout } from '#src/domain/install/rollout.ts';
import { formatSelector } from '#src/domain/target/selector.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Waiting } from './until.ts';

/** Resolves when every replica is up to date and available. `tell` gets a line for each change. */
export async function untilAvailable(
  waiting: Waiting,
  namespace: string,
  tell: (line: string) => void,
): Promise<void> {
  const { clock, timeoutMs } = waiting;
  const end = after(clock, timeoutMs);
  const told = new Set<string>();
  const labelSelector = formatSelector({ matchLabels: { ...podLabels } });
  try {
    await waitFor<undefined>({ ...waiting, listWithinMs: timeoutMs }, (watch) => {
      const deployment = watch(deployments, byName({ name: operatorName, namespace }));
      // Only for the words: a user who may not read pods does without.
      const found = watch(pods, { namespace, labelSelector }, { optional: true });
      return (now) => {
        const rollout = rolloutOf(deployment.items.get(operatorName) ?? gone(namespace), [
          ...found.items.values(),
        ]);
        const lines = [...(told.has(rollout.state) ? [] : [rollout.state]), ...rollout.trouble];
        for (const line of new Set(lines)) if (!told.has(line)) tell(line);
        lines.forEach((line) => told.add(line));
        if (rollout.done) return { result: undefined };
        if (now >= end) throw late(rollout, namespace, timeoutMs);
        return { until: end };
      };
    });
  } catch (error) {
    if (!isStashError(error, 'interrupted')) throw error;
    throw new StashError('interrupted', 'interrupted; the operator is installed, and may not be up yet', {
      hint: `kubectl rollout status deployment/${operatorName} -n ${namespace}`,
    });
  }
}

function gone(namespace: string): never {
  throw new StashError('precondition', `deployment/${operatorName} was deleted while it started`, {
    hint: `kubectl stash install -n ${namespace}`,
  });
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
