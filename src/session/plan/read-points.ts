/** Reads restore points, as far as the user may read them. */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { backupSessions, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { trimBookkeeping } from '#src/domain/outline.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { trimSnapshot } from '#src/domain/restore-points/trim-snapshot.ts';
import { isStashError } from '#src/errors.ts';

/**
 * Resolves with the restore points, newest first. `namespace` is undefined for all namespaces. `brief`: the points lack
 * the fields that `trimSnapshot` leaves out, so that many points need little memory.
 */
export async function readPoints(
  cluster: Cluster,
  namespace: string | undefined,
  { brief = false }: { readonly brief?: boolean } = {},
): Promise<RestorePoint[]> {
  const trim = brief ? trimSnapshot : trimBookkeeping<VolumeSnapshot>;
  const [snapshots, sessions] = await Promise.all([
    cluster.list(volumeSnapshots, { namespace, trim }),
    listReadable(cluster, backupSessions, namespace),
  ]);
  return restorePoints(snapshots.items, sessions ?? []);
}

/** Resolves with undefined if the user may not read them, or if the API server does not serve the kind. */
export async function listReadable<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  namespace: string | undefined,
): Promise<Stored<T>[] | undefined> {
  try {
    return (await cluster.list(resource, { namespace, trim: trimBookkeeping })).items;
  } catch (error) {
    if (isStashError(error, 'forbidden', 'not-found', 'precondition')) return undefined;
    throw error;
  }
}
