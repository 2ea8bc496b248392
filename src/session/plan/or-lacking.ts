/** Reads as far as the user may read and the API server answers. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import type { Read } from '#src/domain/checks/check.ts';
import type { Right } from '#src/domain/rights.ts';
import { isStashError } from '#src/errors.ts';

/** `namespace` is that of the right, for the message if the user lacks it. */
export async function orLacking<T>(
  lacks: Right,
  namespace: string | undefined,
  read: () => Promise<T>,
): Promise<Read<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (isStashError(error, 'forbidden')) return { lacks, namespace };
    if (isStashError(error, 'precondition')) return { unserved: lacks.resource };
    // A kind that cannot be read, for example because its conversion webhook is down, must not hide the others.
    if (isStashError(error, 'server', 'gone')) return { failed: lacks.resource, error };
    throw error;
  }
}

/** Lists as far as the user may list. */
export function listOrLacking<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  scope: Scope = {},
): Promise<Read<Stored<T>[]>> {
  const list = async () => (await cluster.list(resource, scope)).items;
  return orLacking({ verb: 'list', resource }, scope.namespace, list);
}
