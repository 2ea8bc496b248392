/** Data in the storage system that no snapshot names any more. */
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
  rights: [
    { verb: 'list', resource: volumeSnapshots },
    { verb: 'list', resource: volumeSnapshotContents },
  ],
  after: ['snapshot-api'],
  find: ({ leaked: read }) =>
    read === undefined
      ? []
      : whereRead(read, (leaked) => {
          if (leaked.length === 0)
            return [{ level: 'ok', message: 'each volumesnapshotcontent has its volumesnapshot' }];
          const bytes = leaked.reduce(
            (sum, { status }) => sum + BigInt(Math.trunc(status?.restoreSize ?? 0)),
            0n,
          );
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
};
