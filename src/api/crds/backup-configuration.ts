import { conditions } from './conditions.ts';
import { ageColumn, column, objectSchema, stashDefinition } from './definition.ts';
import { finalHook, hook } from './hooks.ts';
import { args, exclude, paths, volumeMounts } from './restic.ts';
import { boolean, choice, int32, int64, object, string, strings } from '../schema.ts';
import { sharedSpec } from './session-spec.ts';
import { alias, targetRef } from './target.ts';

const target = object('What is backed up.', {
  ref: targetRef,
  alias,
  replicas: int32('For a StatefulSet: how many replicas to back up; all where it is left out.'),
  snapshotClassName: string('VolumeSnapshotClass of the snapshots; the default one where it is left out.'),
  volumeMounts,
  paths,
  exclude,
  args,
});

const retentionPolicy = object(
  'Which snapshots are kept; all of them where every number is zero.',
  {
    name: string('Name of the policy.'),
    prune: boolean('Whether data that no snapshot needs is removed.'),
    dryRun: boolean('Whether to report only, and delete nothing.'),
    keepLast: int64('Keep this many of the newest.'),
    keepHourly: int64('Keep the newest of each of this many hours.'),
    keepDaily: int64('Keep the newest of each of this many days.'),
    keepWeekly: int64('Keep the newest of each of this many weeks.'),
    keepMonthly: int64('Keep the newest of each of this many months.'),
    keepYearly: int64('Keep the newest of each of this many years.'),
    keepTags: strings('For Restic: keep those with one of these tags.'),
  },
  ['name', 'prune'],
);

const spec = object(
  'What to back up, when, and what to keep.',
  {
    ...sharedSpec,
    target,
    schedule: string('When to back up, as a cron expression in UTC.'),
    paused: boolean('Whether the schedule is suspended.'),
    retentionPolicy,
    backupHistoryLimit: int32('How many finished BackupSessions are kept.'),
    retryConfig: object('What to do after a session that failed.', {
      maxRetry: { ...int32('How often to try again.'), default: 1 },
      delay: string('How long to wait before that, such as 5m.'),
    }),
    hooks: object('What runs before and after.', {
      preBackup: hook('Runs before the backup, which is not made if it fails.'),
      postBackup: finalHook('Runs after the backup.', [
        'Always',
        'OnFailure',
        'OnSuccess',
        'OnFinalRetryFailure',
      ]),
    }),
  },
  ['retentionPolicy'],
);

const status = object('What the operator made of it.', {
  phase: choice('Whether sessions can run.', ['Invalid', 'Ready', 'NotReady']),
  observedGeneration: int64('Generation that this status is about.'),
  conditions,
});

export const backupConfigurationDefinition = stashDefinition({
  kind: 'BackupConfiguration',
  shortNames: ['bc'],
  columns: [
    column('Task', '.spec.task.name'),
    column('Schedule', '.spec.schedule'),
    column('Paused', '.spec.paused', 'boolean'),
    column('Phase', '.status.phase'),
    ageColumn,
  ],
  schema: objectSchema('Says how one target is backed up.', spec, status),
});
