/** Deletes, and sees that what was deleted is gone. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { formatDuration } from '#src/domain/duration.ts';
import type { Place } from '#src/domain/install/removal.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { until, type Waiting } from './until.ts';

/** So many requests are under way at once. */
const inFlight = 16;

export async function remove(cluster: Cluster, { resource, name, namespace }: Place): Promise<void> {
  try {
    await cluster.delete(resource, { name, namespace }, { propagation: 'Background' });
  } catch (error) {
    if (!isStashError(error, 'not-found')) throw error;
  }
}

/** One after the other within each of several rows side by side; the first failure ends it. */
export async function forEachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const row = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, items.length) }, row));
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
    `${kind} ${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} still there after ${formatDuration(waiting.timeoutMs)}`,
    {
      hint: `see what keeps ${left.length === 1 ? 'it' : 'them'}, then repeat the command:\n${commandLine`kubectl describe ${kind} ${left} ${inNamespace(scope.namespace)}`}`,
    },
  );
}
