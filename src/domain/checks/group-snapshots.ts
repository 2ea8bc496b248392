/** Snapshots that were cut together, whose API is gone. */
import { volumeSnapshots } from '#src/api/resources.ts';
import { groupSnapshotGroup } from '#src/api/snapshot-controller.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { whereRead, type CheckOfCluster } from './check.ts';

const definitionsOfGroups = `the CRDs of ${groupSnapshotGroup}`;

export const groupSnapshots: CheckOfCluster = {
  name: 'group-snapshots',
  of: 'cluster',
  about: `The API server serves ${groupSnapshotGroup}, if there are snapshots of a VolumeGroupSnapshot: without it, nothing can delete the group, and the snapshots stay.`,
  lists: [volumeSnapshots],
  after: ['snapshot-api'],
  find: ({ listed, groups }) =>
    whereRead(listed(volumeSnapshots), (snapshots) => {
      const grouped = snapshots.filter(({ status }) => status?.volumeGroupSnapshotName !== undefined);
      const [first] = grouped;
      if (first === undefined || groups.includes(groupSnapshotGroup)) return [];
      const more = grouped.length === 1 ? '' : ` and ${grouped.length - 1} more`;
      return [
        {
          level: 'warn',
          message: sanitize(
            `volumesnapshot ${first.metadata.name}${more} was cut by a volume group snapshot, and the server does not serve ${groupSnapshotGroup}`,
          ),
          hint: `install ${definitionsOfGroups} from https://github.com/kubernetes-csi/external-snapshotter again`,
        },
      ];
    }),
};

/** Why a controller or a sidecar may not start, beside what its own check says: lines of a hint. */
export function hintOfGroups(groups: readonly string[]): string[] {
  if (groups.includes(groupSnapshotGroup)) return [];
  return [
    `with the feature gate CSIVolumeGroupSnapshot it also needs ${definitionsOfGroups}, which the server does not serve`,
  ];
}
