/** Deletes objects and waits until they are gone. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { formatDuration } from '#src/domain/duration.ts';
import type { Place } from '#src/domain/install/removal.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { until, type Waiting } from './until.ts';

/** How many requests run concurrently. */
const inFlight = 16;

/**
 * Deletes the object and leaves its dependents to the garbage collector. Does nothing if it does not exist.
 */
export async function remove(cluster: Cluster, { resource, name, namespace }: Place): Promise<void> {
  try {
    await cluster.delete(resource, { name, namespace }, { propagation: 'Background' });
  } catch (error) {
    if (!isStashError(error, 'not-found')) throw error;
  }
}

/** Calls `work` for every item, with a bounded number of calls at a time. Rejects with the first failure. */
export async function forEachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const row = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, items.length) }, row));
}

/** Resolves when no object in the scope is left. Throws 'timed-out' with the names of those that are. */
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
  const where = scope.namespace === undefined ? '' : ` -n ${scope.namespace}`;
  throw new StashError(
    'timed-out',
    `timed out after ${formatDuration(waiting.timeoutMs)} waiting for the deletion of ${kind} ${left.join(', ')}`,
    {
      hint: `find out what blocks the deletion, then run the command again:\nkubectl describe ${kind} ${left.join(' ')}${where}`,
    },
  );
}
