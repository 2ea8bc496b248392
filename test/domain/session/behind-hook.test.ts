/** While a preBackup or preRestore hook runs, claims without an object say that they wait for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { ClaimProgress, Progress } from '#src/domain/session/progress.ts';
import { sessionProgress } from '#src/domain/session/session-progress.ts';
import { backup as backupKind } from '#src/session/kinds/backup.ts';
import { restore as restoreKind } from '#src/session/kinds/restore.ts';

import { backupSession, created, restoreSession, target } from '#test/domain/objects.ts';

const claims: ClaimProgress[] = [
  { claim: 'data-0', phase: 'Pending', message: 'not created yet' },
  { claim: 'data-1', phase: 'Running', message: 'waiting for the driver to cut it' },
];

function begun<S extends BackupSession | RestoreSession>(session: Stored<S>): Stored<S> {
  const annotations = { [annotation.quiescedSince]: created };
  return { ...session, metadata: { ...session.metadata, annotations } };
}

const hook = (type: string, status: 'True' | 'False') => ({
  type: `${type}HookExecutionSucceeded`,
  status,
});

const messages = (progress: Progress) => progress.claims.map(({ message }) => message);
const backup = (session: Stored<BackupSession>) =>
  messages(sessionProgress(backupKind, { session, target, claims, timeoutMs: 1 }));
const restore = (session: Stored<RestoreSession>) =>
  messages(sessionProgress(restoreKind, { session, target, claims, timeoutMs: 1 }));

const ofHook = (name: string) => [`waiting for the ${name} hook to end`, claims[1]?.message];
const asGiven = claims.map(({ message }) => message);

test('a backup session whose hook has begun', () => {
  assert.deepEqual(backup(begun(backupSession({ phase: 'Running' }))), ofHook('preBackup'));
});

test('a restore session whose hook has begun', () => {
  assert.deepEqual(restore(begun(restoreSession({ phase: 'Running' }))), ofHook('preRestore'));
});

test('a session without a hook, a session whose hook has ended, and a session that has ended', () => {
  assert.deepEqual(backup(backupSession({ phase: 'Running' })), asGiven);
  const conditions = [hook('PreBackup', 'True')];
  const ended = begun(backupSession({ phase: 'Running', targets: [{ phase: 'Running', conditions }] }));
  assert.deepEqual(backup(ended), asGiven);
  assert.deepEqual(backup(begun(backupSession({ phase: 'Failed' }))), asGiven);
  const thawed = restoreSession({ phase: 'Running', conditions: [hook('PostRestore', 'True')] });
  assert.deepEqual(restore(begun(thawed)), asGiven);
});
