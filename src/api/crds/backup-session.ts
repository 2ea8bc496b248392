import { conditions } from './conditions.ts';
import { ageColumn, column, objectSchema, stashDefinition } from './definition.ts';
import { boolean, choice, dateTime, int32, kept, list, object, string, strings } from '../schema.ts';
import { targetRef } from './target.ts';

const spec = object('The invoker of the backup.', {
  invoker: object(
    'The object that triggered the session.',
    {
      apiGroup: string('Its API group.'),
      kind: string('Its kind, such as BackupConfiguration.'),
      name: string('Its name.'),
    },
    ['kind', 'name'],
  ),
  retryLeft: int32('Number of retries left if this session fails.'),
});

const snapshot = object('One snapshot.', {
  name: string('Its name.'),
  totalSize: string('Size of the data.'),
  path: string('For Restic: directory that was backed up.'),
  uploaded: string('For Restic: size of the uploaded data.'),
  processingTime: string('For Restic: how long it took.'),
  fileStats: kept('For Restic: number of files.'),
});

const host = object('The backup of one volume.', {
  hostname: string('Name of the claim.'),
  phase: choice('How it ended.', ['Succeeded', 'Failed']),
  duration: string('How long it took.'),
  error: string('Why it failed.'),
  snapshots: list('The snapshots that were taken.', snapshot),
});

const target = object('The backup of one target.', {
  ref: targetRef,
  phase: choice('Current phase.', ['Pending', 'Succeeded', 'Running', 'Failed']),
  totalHosts: int32('Number of volumes.'),
  stats: list('One entry for each volume.', host),
  preBackupActions: strings('Actions to run before the backup.'),
  postBackupActions: strings('Actions to run after the backup.'),
  conditions,
});

const status = object('Status of the backup.', {
  phase: choice('Current phase.', ['Pending', 'Skipped', 'Running', 'Succeeded', 'Failed', 'Unknown']),
  sessionDeadline: dateTime('When the session fails if it has not finished.'),
  sessionDuration: string('How long it took.'),
  nextRetry: dateTime('When it is retried.'),
  retried: boolean('Whether it has been retried.'),
  targets: list('One entry for each target.', target),
  conditions,
});

export const backupSessionDefinition = stashDefinition({
  kind: 'BackupSession',
  columns: [
    column('Invoker-Type', '.spec.invoker.kind'),
    column('Invoker-Name', '.spec.invoker.name'),
    column('Phase', '.status.phase'),
    column('Duration', '.status.sessionDuration'),
    ageColumn,
  ],
  schema: objectSchema('One backup.', spec, status),
});
