import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { isStashError } from '#src/errors.ts';

import type { Cluster } from './port.ts';

/** Resolves with the object, or undefined if it does not exist. */
export async function find<T extends KubernetesObject>(
  cluster: Pick<Cluster, 'get'>,
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
