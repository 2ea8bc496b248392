import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';

/** Undefined where there is none. */
export async function find<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  { name, namespace }: { readonly name: string; readonly namespace?: string | undefined },
): Promise<Stored<T> | undefined> {
  try {
    return await cluster.get(resource, name, namespace);
  } catch (error) {
    if (isStashError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** A server without the kind has none. */
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
