/** Data in the storage system that no snapshot names any more. */
import type { Stored, VolumeSnapshotContent } from '#src/api/kubernetes.ts';
import { volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import { documentation } from '#src/domain/documentation.ts';
import { formatBytes } from '#src/domain/quantity.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';

import { whereRead, type CheckOfCluster } from './check.ts';

export const leakedContents: CheckOfCluster = {
  name: 'leaked-contents',
  of: 'cluster',
  about:
    'No VolumeSnapshotContent with deletionPolicy Retain has lost its snapshot: its data takes storage, and no command shows it. A content whose data another snapshot names is left out. With -A only.',
  lists: [volumeSnapshots, volumeSnapshotContents],
  after: ['snapshot-api'],
  find: ({ listed, namespace }) => {
    if (namespace !== undefined) return [];
    return whereRead(listed(volumeSnapshotContents), (contents) =>
      whereRead(listed(volumeSnapshots), (snapshots) => {
        const uids = new Set(snapshots.map(({ metadata }) => metadata.uid));
        const isLost = (content: Stored<VolumeSnapshotContent>) => hasLostSnapshot(content, uids);
        const inUse = new Set(contents.filter((content) => !isLost(content)).flatMap(dataOf));
        const leaked = contents.filter(
          (content) =>
            content.spec.deletionPolicy === 'Retain' &&
            isLost(content) &&
            !dataOf(content).some((data) => inUse.has(data)),
        );
        if (leaked.length === 0)
          return [{ level: 'ok', message: 'each volumesnapshotcontent has its volumesnapshot' }];
        const bytes = leaked.reduce((sum, { status }) => sum + BigInt(status?.restoreSize ?? 0), 0n);
        const names = inWords(leaked.map(({ metadata }) => metadata.name));
        const [count, have] =
          leaked.length === 1
            ? ['1 volumesnapshotcontent', 'has lost its']
            : [`${leaked.length} volumesnapshotcontents`, 'have lost their'];
        return [
          {
            level: 'warn',
            message: `${count} of ${formatBytes(bytes)} with deletionPolicy Retain ${have} volumesnapshot: ${names}`,
            hint: `to restore from it, see ${documentation('disasters/namespace-deleted.md#see-what-is-left')}\nto free the storage instead, set spec.deletionPolicy of the content to Delete, and then delete the content`,
          },
        ];
      }),
    );
  },
};

function hasLostSnapshot({ spec }: Stored<VolumeSnapshotContent>, uids: ReadonlySet<string>): boolean {
  const { uid } = spec.volumeSnapshotRef;
  return uid !== undefined && !uids.has(uid);
}

/** Which data it names, if any yet: a snapshot that was brought back has another content with the same data. */
function dataOf({ spec, status }: Stored<VolumeSnapshotContent>): string[] {
  const handle = status?.snapshotHandle ?? spec.source.snapshotHandle;
  return handle === undefined ? [] : [JSON.stringify([spec.driver, handle])];
}
