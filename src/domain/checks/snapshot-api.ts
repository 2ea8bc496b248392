/** Whether the cluster has the kinds that snapshots are made of. */
import { volumeSnapshotClasses, volumeSnapshotContents, volumeSnapshots } from '#src/api/resources.ts';
import { failure } from '#src/domain/finding.ts';

import type { CheckOfNamespace } from './check.ts';

const kinds = [volumeSnapshots, volumeSnapshotClasses, volumeSnapshotContents];

export const snapshotApi: CheckOfNamespace = {
  name: 'snapshot-api',
  of: 'namespace',
  find({ served }) {
    const api = `${volumeSnapshots.group}/${volumeSnapshots.version}`;
    const missing = kinds
      .map(({ plural }) => plural)
      .filter((plural) => !served(volumeSnapshots).includes(plural));
    if (missing.length === 0) return [{ level: 'ok', message: `the server serves ${api}` }];
    return [
      failure('precondition', `the server does not serve ${missing.join(', ')} of ${api}`, {
        hint: 'install the CRDs and the snapshot-controller of https://github.com/kubernetes-csi/external-snapshotter',
      }),
    ];
  },
};
