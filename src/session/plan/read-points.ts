/** Reads restore points, as far as the user may read them. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { backupSessions, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { isStashError } from '#src/errors.ts';

/** Newest first. `namespace`: undefined for all. */
export async function readPoints(cluster: Cluster, namespace: string | undefined): Promise<RestorePoint[]> {
  const [snapshots, sessions] = await Promise.all([
    cluster.list(volumeSnapshots, { namespace }),
    listReadable(cluster, backupSessions, namespace),
  ]);
  return restorePoints(snapshots.items, sessions ?? []);
}

/** Undefined if the user may not read them, or the cluster does not have the kind. */
export async function listReadable<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  namespace: string | undefined,
): Promise<Stored<T>[] | undefined> {
  try {
    return (await cluster.list(resource, { namespace })).items;
  } catch (error) {
    if (isStashError(error, 'forbidden', 'not-found', 'precondition')) return undefined;
    throw error;
  }
}
