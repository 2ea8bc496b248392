/** Reads the volumes that restores in place have kept, and the sessions and restore points that may still need them. */
import { label } from '#src/api/labels.ts';
import { persistentVolumes, restoreSessions } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import type { KeptScene } from '#src/domain/in-place/kept-volumes.ts';
import { readPoints } from '#src/session/plan/read-points.ts';

/** `namespace` is undefined for all namespaces. `session` selects its volumes; if left out, those of all sessions. */
export async function readKept(
  cluster: Cluster,
  namespace: string | undefined,
  session?: string,
): Promise<KeptScene> {
  const labelSelector =
    session === undefined ? label.restoreSession : `${label.restoreSession}=${labelValue(session)}`;
  const [volumes, sessions, points] = await Promise.all([
    cluster.list(persistentVolumes, { labelSelector }),
    cluster.list(restoreSessions, { namespace }),
    readPoints(cluster, namespace),
  ]);
  return { volumes: volumes.items, sessions: sessions.items, points };
}
