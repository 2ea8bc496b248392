/** Reads what `delete` must know before it deletes sessions and snapshots; writes nothing. */
import type { Stored, VolumeSnapshotContent } from '#src/api/kubernetes.ts';
import { restoreSessions, volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { DeleteScene } from '#src/domain/restore-points/delete-effects.ts';

import { ifAllowed, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';

const readsAtOnce = 8;

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

/** Adds the contents of these snapshots: their deletion policy decides about the data, not that of the class. */
export async function readContents(
  { cluster }: Pick<NamespaceReader, 'cluster'>,
  scene: DeleteScene,
  snapshots: ReadonlySet<string>,
): Promise<DeleteScene> {
  const names = scene.snapshots
    .filter(({ metadata }) => snapshots.has(metadata.name))
    .flatMap(({ status }) => status?.boundVolumeSnapshotContentName ?? []);
  const contents = new Map<string, Stored<VolumeSnapshotContent>>();
  await forEachBounded(names, readsAtOnce, async (name) => {
    const content = await ifAllowed(() => find(cluster, volumeSnapshotContents, { name }));
    if (content) contents.set(name, content);
  });
  return { ...scene, contents };
}
