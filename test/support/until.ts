import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { observe } from '#src/cluster/observe.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';

/** Milliseconds. On a sandbox, an object that takes longer will never arrive. */
const enough = 180_000;

/**
 * Resolves with the objects as soon as `satisfied` returns true. Rejects after three minutes, or `patience`
 * milliseconds.
 */
export async function until<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  scope: Scope,
  satisfied: (items: Stored<T>[]) => boolean,
  patience = enough,
): Promise<Stored<T>[]> {
  const over = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<Stored<T>[]>();
  const late = setTimeout(() => {
    const items = JSON.stringify([...observed.items.values()], null, 1);
    reject(
      new Error(`the ${resource.plural} did not reach the expected state in ${patience / 1000}s: ${items}`),
    );
  }, patience);
  const observed = observe(cluster, resource, scope, over.signal, () => {
    const items = [...observed.items.values()];
    const failure = observed.failure();
    if (failure) reject(failure);
    else if (satisfied(items)) resolve(items);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    over.abort();
  }
}
