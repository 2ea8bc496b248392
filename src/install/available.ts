/** Waits for the operator's Deployment to become available and explains what holds it up. */
import { operatorName } from '#src/api/operator.ts';
import { deployments, pods } from '#src/api/resources.ts';
import { byName } from '#src/cluster/by-name.ts';
import { waitFor } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { podLabels } from '#src/domain/install/options.ts';
import { rolloutOf, type Rollout } from '#src/domain/install/rollout.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Waiting } from './until.ts';

/**
 * Resolves when every replica is up to date and available; `tell` receives a line for each change. Throws
 * 'timed-out', 'interrupted', or 'precondition' if the Deployment is deleted meanwhile.
 */
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
      // Pods only explain a delay: a user who may not read them still gets the Deployment's own state.
      const found = watch(pods, { namespace, labelSelector }, { optional: true });
      return (now) => {
        const rollout = rolloutOf(deployment.items.get(operatorName) ?? gone(namespace), [
          ...found.items.values(),
        ]);
        const lines = [...(told.has(rollout.state) ? [] : [rollout.state]), ...rollout.trouble];
        for (const line of new Set(lines)) if (!told.has(line)) tell(line);
        lines.forEach((line) => told.add(line));
        if (rollout.done) return { result: undefined };
        if (now >= end) throw timeoutOf(rollout, namespace, timeoutMs);
        return { until: end };
      };
    });
  } catch (error) {
    if (!isStashError(error, 'interrupted')) throw error;
    throw new StashError(
      'interrupted',
      'interrupted; the operator is installed, but may not be available yet',
      {
        hint: commandLine`kubectl rollout status deployment/${operatorName} -n ${namespace}`,
      },
    );
  }
}

function gone(namespace: string): never {
  throw new StashError('precondition', `deployment/${operatorName} was deleted while it was starting`, {
    hint: commandLine`kubectl stash install -n ${namespace}`,
  });
}

function timeoutOf({ state, trouble }: Rollout, namespace: string, timeoutMs: number): StashError {
  const why = trouble.length === 0 ? 'its pods are not ready' : [...new Set(trouble)].join('; ');
  return new StashError(
    'timed-out',
    `timed out after ${formatDuration(timeoutMs)} waiting for the operator: ${state}; ${why}`,
    {
      hint: [
        commandLine`kubectl describe pods -n ${namespace} -l ${formatSelector({ matchLabels: { ...podLabels } })}`,
        commandLine`kubectl logs -n ${namespace} deployment/${operatorName}`,
      ].join('\n'),
    },
  );
}
