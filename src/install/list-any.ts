import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';

/** Lists a kind, and resolves with an empty list if the API server does not serve that kind. */
export async function listAny<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  scope?: Scope,
): Promise<Stored<T>[]> {
  try {
    return (await cluster.list(resource, scope)).items;
  } catch (error) {
    if (isStashError(error, 'not-found', 'precondition')) return [];
    throw error;
  }
}
