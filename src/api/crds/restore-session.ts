import { volumeClaimTemplates } from './claim-template.ts';
import { conditions } from './conditions.ts';
import { ageColumn, column, objectSchema, stashDefinition } from './definition.ts';
import { finalHook, hook } from './hooks.ts';
import { args, rules, volumeMounts } from './restic.ts';
import { choice, dateTime, int32, list, object, string } from '../schema.ts';
import { sharedSpec } from './session-spec.ts';
import { alias, targetRef } from './target.ts';

const target = object('The target of the restore.', {
  ref: targetRef,
  alias,
  replicas: int32('How many claims to create from each template.'),
  volumeClaimTemplates,
  volumeMounts,
  rules,
  args,
});

const spec = object('What to restore, and from which snapshots.', {
  ...sharedSpec,
  target,
  rules,
  hooks: object('Hooks that run before and after the session.', {
    preRestore: hook('Runs before the restore. If it fails, nothing is restored.'),
    postRestore: finalHook('Runs after the restore.', ['Always', 'OnFailure', 'OnSuccess']),
  }),
});

const host = object('The restore of one volume.', {
  hostname: string('Name of the claim.'),
  phase: choice('How it ended; Unknown while the claim waits for its first consumer.', [
    'Succeeded',
    'Failed',
    'Running',
    'Unknown',
  ]),
  duration: string('How long it took.'),
  error: string('Why it failed.'),
});

const status = object('Status of the restore.', {
  phase: choice('Current phase.', ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown', 'Invalid']),
  sessionDeadline: dateTime('When the session fails if it has not finished.'),
  sessionDuration: string('How long it took.'),
  totalHosts: int32('Number of volumes.'),
  stats: list('One entry for each volume.', host),
  conditions,
});

export const restoreSessionSchema = objectSchema('One restore.', spec, status);

export const restoreSessionDefinition = stashDefinition({
  kind: 'RestoreSession',
  shortNames: ['restore'],
  columns: [
    column('Repository', '.spec.repository.name'),
    column('Phase', '.status.phase'),
    column('Duration', '.status.sessionDuration'),
    ageColumn,
  ],
  schema: restoreSessionSchema,
});
