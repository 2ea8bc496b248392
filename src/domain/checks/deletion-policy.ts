/** What becomes of the data when a snapshot is deleted. */
import { persistentVolumeClaims, volumeSnapshotClasses } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Finding } from '#src/domain/finding.ts';
import { prunes } from '#src/domain/retention/retention-rules.ts';

import type { CheckOfTarget } from './check.ts';
import { chosenClasses } from './snapshot-classes.ts';

export const deletionPolicy: CheckOfTarget = {
  name: 'deletion-policy',
  of: 'target',
  about:
    'Says what deletes the data of a snapshot. With policy Delete of the class, it goes with the snapshot, and with the namespace of the snapshot. With Retain, retention frees no storage: a warning where the schedule prunes.',
  lists: [persistentVolumeClaims, volumeSnapshotClasses],
  after: ['snapshot-api', 'snapshot-classes'],
  find: (facts, subject) => {
    const policy = subject.configuration?.spec.retentionPolicy;
    return chosenClasses(facts, subject).map(({ metadata: { name }, deletionPolicy: kept }): Finding => {
      const of = `class ${name} has deletionPolicy ${kept}`;
      if (kept !== 'Retain') {
        return {
          level: 'ok',
          message: `${of}: the data goes with the snapshot, also where the namespace is deleted`,
        };
      }
      if (!policy || !prunes(policy)) {
        return {
          level: 'ok',
          message: `${of}: the data stays where a snapshot is deleted, and must be deleted apart`,
        };
      }
      const patch = JSON.stringify({ deletionPolicy: 'Delete' });
      return {
        level: 'warn',
        message: `${of}, and the schedule deletes old snapshots: their data stays in the storage system`,
        fix: commandLine`kubectl patch volumesnapshotclass ${name} --type=merge -p ${patch}`,
      };
    });
  },
};
