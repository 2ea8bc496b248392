import { conditions } from './conditions.ts';
import { ageColumn, column, objectSchema, stashDefinition } from './definition.ts';
import { finalHook, hook } from './hooks.ts';
import { args, exclude, paths, volumeMounts } from './restic.ts';
import { boolean, choice, int32, int64, object, string, strings } from '../schema.ts';
import { sharedSpec } from './session-spec.ts';
import { alias, targetRef } from './target.ts';

const target = object('The target of the backup.', {
  ref: targetRef,
  alias,
  replicas: int32('For a StatefulSet: how many replicas to back up; default all.'),
  snapshotClassName: string('VolumeSnapshotClass of the snapshots; default is the default class.'),
  volumeMounts,
  paths,
  exclude,
  args,
});

const retentionPolicy = object(
  'Which snapshots are kept. All of them are kept if every number is zero.',
  {
    name: string('Name of the policy.'),
    prune: boolean('Whether to remove data that no snapshot needs.'),
    dryRun: boolean('Whether to report only and delete nothing.'),
    keepLast: int64('Keep this many of the newest.'),
    keepHourly: int64('Keep the newest of each of this many hours.'),
    keepDaily: int64('Keep the newest of each of this many days.'),
    keepWeekly: int64('Keep the newest of each of this many weeks.'),
    keepMonthly: int64('Keep the newest of each of this many months.'),
    keepYearly: int64('Keep the newest of each of this many years.'),
    keepTags: strings('For Restic: keep snapshots with one of these tags.'),
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
    retryConfig: object('How failed sessions are retried.', {
      maxRetry: { ...int32('Number of retries.'), default: 1 },
      delay: string('Delay before a retry, such as 5m.'),
    }),
    hooks: object('Hooks that run before and after the session.', {
      preBackup: hook('Runs before the backup. If it fails, no backup is taken.'),
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

const status = object('Status that the operator reports.', {
  phase: choice('Whether sessions can run.', ['Invalid', 'Ready', 'NotReady']),
  observedGeneration: int64('Generation that this status refers to.'),
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
  schema: objectSchema('Configures the backup of one target.', spec, status),
});
