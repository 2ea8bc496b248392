/** Checks whether its own limit of requests slows the driver's sidecar. */
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { snapshotsOfPoint } from '#src/domain/restore-points/restore-points.ts';

import { whereRead, type CheckOfTarget } from './check.ts';

/** With fewer claims, the default limit of 5 requests per second hardly shows. */
const fewClaims = 50;
/** With the default limit, 20 snapshots took 34 s. */
const slowMsPerSnapshot = 1_000;

export const snapshotRate: CheckOfTarget = {
  name: 'snapshot-rate',
  of: 'target',
  about:
    'The snapshots of the newest complete restore point, if it has more than 50, were cut at a rate of more than one per second. By default, sidecars send 5 requests per second.',
  lists: [volumeSnapshots, backupSessions],
  after: ['snapshot-api'],
  find: (facts, { target }) =>
    whereRead(facts.points, (points) => {
      const newest = latestComplete(points, target);
      const snapshots = newest ? snapshotsOfPoint(newest) : [];
      if (newest === undefined || snapshots.length <= fewClaims) return [];
      const begun = Math.min(...snapshots.map(({ metadata }) => Date.parse(metadata.creationTimestamp)));
      const cut = Math.max(...snapshots.map(({ status }) => Date.parse(status?.creationTime ?? '')));
      // The times of the cuts come from the driver's clock.
      if (!(cut >= begun)) return [];
      const took = `the ${snapshots.length} snapshots of ${newest.session} were cut within ${formatDuration(cut - begun)}`;
      if (cut - begun <= snapshots.length * slowMsPerSnapshot) return [{ level: 'ok', message: took }];
      return [
        {
          level: 'warn',
          message: `${took}: the sidecar or the snapshot controller may wait for its own limit of requests`,
          hint: 'raise --kube-api-qps and --kube-api-burst of the csi-snapshotter beside the driver and of the snapshot-controller',
        },
      ];
    }),
};
