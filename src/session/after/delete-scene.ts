/** Reads the objects that `delete` considers before it deletes sessions and snapshots. Writes nothing. */
import { restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { DeleteScene } from '#src/domain/restore-points/delete-effects.ts';

import type { NamespaceReader } from '#src/session/plan/namespace-reader.ts';

export async function readDeleteScene({
  cluster,
  namespace,
  claims,
  sessions,
  snapshotClasses,
}: NamespaceReader): Promise<DeleteScene> {
  const [snapshots, backups, restores, pvcs, classes] = await Promise.all([
    cluster.list(volumeSnapshots, { namespace }),
    sessions(),
    cluster.list(restoreSessions, { namespace }),
    claims(),
    snapshotClasses(),
  ]);
  return {
    snapshots: snapshots.items,
    backupSessions: backups,
    restoreSessions: restores.items,
    claims: pvcs,
    classes,
    contents: new Map(),
  };
}

/**
 * Adds the VolumeSnapshotContents of these snapshots: their deletion policy decides about the data, not that of the
 * class.
 */
export async function readContents(
  { contents }: Pick<NamespaceReader, 'contents'>,
  scene: DeleteScene,
  snapshots: ReadonlySet<string>,
): Promise<DeleteScene> {
  const chosen = scene.snapshots.filter(({ metadata }) => snapshots.has(metadata.name));
  return { ...scene, contents: await contents(chosen) };
}
