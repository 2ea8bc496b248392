/** Deletes objects and waits until they are gone. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import type { Place } from '#src/domain/install/removal.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { until, type Waiting } from './until.ts';

export async function remove(cluster: Cluster, { resource, name, namespace }: Place): Promise<void> {
  try {
    await cluster.delete(resource, { name, namespace }, { propagation: 'Background' });
  } catch (error) {
    if (!isStashError(error, 'not-found')) throw error;
  }
}

/** Resolves when none of these is left; rejects with 'timed-out', which names what is. */
export async function untilGone<T extends KubernetesObject>(
  waiting: Waiting,
  resource: Resource<T>,
  scope: Scope,
  isAwaited: (object: Stored<T>) => boolean = () => true,
): Promise<void> {
  const { done, items } = await until(waiting, resource, scope, (items) => !items.some(isAwaited));
  if (done) return;
  const left = items.filter(isAwaited).map(({ metadata }) => metadata.name);
  const kind = resource.kind.toLowerCase();
  throw new StashError(
    'timed-out',
    `timed out after ${formatDuration(waiting.timeoutMs)} waiting for the deletion of ${kind} ${left.join(', ')}`,
    {
      hint: `find out what blocks the deletion, then run the command again:\n${commandLine`kubectl describe ${kind} ${left} ${inNamespace(scope.namespace)}`}`,
    },
  );
}
