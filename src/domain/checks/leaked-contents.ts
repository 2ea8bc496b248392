/** Data of snapshots that no snapshot names any more. */
import type { Stored, VolumeSnapshotContent } from '#src/api/kubernetes.ts';
import { volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import { formatBytes } from '#src/domain/quantity.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';

import { whereRead, type CheckOfCluster } from './check.ts';

export const leakedContents: CheckOfCluster = {
  name: 'leaked-contents',
  of: 'cluster',
  about:
    'No VolumeSnapshotContent with deletionPolicy Retain has lost its snapshot: its data takes storage, and no command shows it. With -A only.',
  lists: [volumeSnapshots, volumeSnapshotContents],
  after: ['snapshot-api'],
  find: ({ listed, namespace }) => {
    if (namespace !== undefined) return [];
    return whereRead(listed(volumeSnapshotContents), (contents) =>
      whereRead(listed(volumeSnapshots), (snapshots) => {
        const uids = new Set(snapshots.map(({ metadata }) => metadata.uid));
        const leaked = contents.filter((content) => isLeaked(content, uids));
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
            hint: 'to free the storage, set spec.deletionPolicy of the content to Delete, and then delete it',
          },
        ];
      }),
    );
  },
};

function isLeaked({ spec }: Stored<VolumeSnapshotContent>, uids: ReadonlySet<string>): boolean {
  const { uid } = spec.volumeSnapshotRef;
  return spec.deletionPolicy === 'Retain' && uid !== undefined && !uids.has(uid);
}
