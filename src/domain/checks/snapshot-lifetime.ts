/** Whether the snapshots of a deleted volume stay. */
import { persistentVolumeClaims, volumeSnapshotClasses } from '#src/api/resources.ts';
import type { Finding } from '#src/domain/finding.ts';
import { outlivesVolume } from '#src/domain/in-place/lasting-snapshots.ts';

import type { CheckOfTarget } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { claimsByDriver } from './drivers.ts';

export const snapshotLifetime: CheckOfTarget = {
  name: 'snapshot-lifetime',
  of: 'target',
  about:
    'The driver is known to keep the snapshots of a deleted volume. Of any other driver, a warning: some keep snapshots inside the volume.',
  lists: [persistentVolumeClaims, volumeSnapshotClasses],
  after: ['csi-driver'],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) =>
      [...claimsByDriver(facts, claims).keys()].map((driver): Finding => {
        if (outlivesVolume(driver)) {
          return { level: 'ok', message: `driver ${driver} keeps the snapshots of a deleted volume` };
        }
        return {
          level: 'warn',
          message: `driver ${driver} may delete the snapshots of a volume with the volume`,
          hint: 'never delete a claim before its restored copy is checked; "restore --in-place" keeps the volume',
        };
      }),
    ),
};
