/** Checks that the API server serves the kinds of the snapshot API. */
import { volumeSnapshotClasses, volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import { oldVolumeSnapshots } from '#src/api/snapshot-controller.ts';
import { failure } from '#src/domain/finding.ts';

import type { CheckOfCluster } from './check.ts';

const kinds = [volumeSnapshots, volumeSnapshotClasses, volumeSnapshotContents];

export const snapshotApi: CheckOfCluster = {
  name: 'snapshot-api',
  of: 'cluster',
  about:
    'The API server serves the kinds of snapshot.storage.k8s.io/v1. CRDs of external-snapshotter 3 and older serve only v1beta1.',
  find({ served }) {
    const api = `${volumeSnapshots.group}/${volumeSnapshots.version}`;
    const missing = kinds
      .map(({ plural }) => plural)
      .filter((plural) => !served(volumeSnapshots).includes(plural));
    if (missing.length === 0) return [{ level: 'ok', message: `the server serves ${api}` }];
    if (missing.length === kinds.length && served(oldVolumeSnapshots).includes(volumeSnapshots.plural)) {
      const message = `the server serves ${volumeSnapshots.plural} as ${oldVolumeSnapshots.version} only, and not as ${volumeSnapshots.version}`;
      return [
        failure('precondition', message, {
          hint: 'upgrade the CRDs and the snapshot-controller of https://github.com/kubernetes-csi/external-snapshotter to release 4 or later',
        }),
      ];
    }
    return [
      failure('precondition', `the server does not serve ${missing.join(', ')} of ${api}`, {
        hint: 'install the CRDs and the snapshot-controller of https://github.com/kubernetes-csi/external-snapshotter',
      }),
    ];
  },
};
