/** Checks that the API of VolumeGroupSnapshots is served if snapshots of a group exist. */
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
      if (grouped.length === 0 || groups.includes(groupSnapshotGroup)) return [];
      const name = grouped.map(({ metadata }) => metadata.name).sort()[0] ?? '';
      return [
        {
          level: 'warn',
          message: sanitize(
            `the server does not serve ${groupSnapshotGroup}, and a volume group snapshot has cut volumesnapshots such as ${name}: nothing can delete those`,
          ),
          hint: `install ${definitionsOfGroups} from https://github.com/kubernetes-csi/external-snapshotter again`,
        },
      ];
    }),
};

/**
 * Returns the lines of a hint that says why a snapshot controller or sidecar may not start without the API of group
 * snapshots.
 */
export function hintOfGroups(groups: readonly string[]): string[] {
  if (groups.includes(groupSnapshotGroup)) return [];
  return [
    `with the feature gate CSIVolumeGroupSnapshot it also needs ${definitionsOfGroups}, which the server does not serve`,
  ];
}
