/** Whether the storage classes are there from which a restore makes its volumes. */
import { storageClasses, volumeSnapshotClasses, volumeSnapshots } from '#src/api/resources.ts';
import { unfitTemplates } from '#src/domain/restore/check-provisioning.ts';
import { originOf } from '#src/domain/restore/snapshot-origin.ts';
import { bindsLate, missingStorageClasses } from '#src/domain/restore/storage-class.ts';
import { snapshotsOfPoint } from '#src/domain/restore-points/restore-points.ts';

import { whereRead, type CheckOfTarget } from './check.ts';
import { fewOf } from './few.ts';
import { asWarnings, whereRestorable } from './restorable.ts';

export const storageClass: CheckOfTarget = {
  name: 'storage-classes',
  of: 'target',
  about:
    'The storage class of each claim of the newest complete restore point exists, and is of the driver that took the snapshot; else a restore needs --storage-class. Says, too, whether restored claims wait for their first pod.',
  lists: [volumeSnapshots, storageClasses, volumeSnapshotClasses],
  after: ['snapshot-api'],
  find: (facts, subject) =>
    whereRestorable(facts, subject, ({ point, templates }) =>
      whereRead(facts.listed(storageClasses), (classes) => {
        const known = facts.listed(volumeSnapshotClasses);
        const snapshotClasses = 'value' in known ? known.value : undefined;
        const origins = new Map(
          snapshotsOfPoint(point).map((snapshot) => [
            snapshot.metadata.name,
            originOf(snapshot, snapshotClasses, new Map()),
          ]),
        );
        const problems = [
          ...missingStorageClasses(templates, classes, false),
          ...unfitTemplates(templates, { classes, origins, words: undefined }),
        ];
        if (problems.length > 0) {
          return fewOf(asWarnings(problems), (rest) => `${rest} more claims need another storage class`);
        }
        const late = templates.some((template) => bindsLate(template, classes));
        const message = late
          ? 'the storage classes exist; restored claims are bound when a pod uses them'
          : 'the storage classes exist, and restored claims are bound at once';
        return [{ level: 'ok', message }];
      }),
    ),
};
