import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { isStashError } from '#src/errors.ts';

import type { Cluster, DeleteOptions } from './port.ts';

/** Deletes the object. It is no failure if it is gone already, or another object has its name. */
export async function deleteSame(
  cluster: Pick<Cluster, 'delete'>,
  resource: Resource,
  { metadata: { name, namespace, uid } }: Stored<KubernetesObject>,
  options: Omit<DeleteOptions, 'uid'> = {},
): Promise<void> {
  try {
    await cluster.delete(resource, { name, namespace }, { ...options, uid });
  } catch (error) {
    if (!isStashError(error, 'not-found', 'conflict')) throw error;
  }
}
