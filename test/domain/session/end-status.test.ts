/** The status of a session that ends without its executor. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { executorCondition, stashCondition } from '#src/api/conditions.ts';
import {
  executorEnsured,
  failedBackup,
  failedRestore,
  invalidRestore,
  isExecutorEnsured,
} from '#src/domain/session/end-status.ts';
import { endedAt } from '#src/domain/session/ended-at.ts';
import { disruptionOf, latenessOf, type SessionEnd } from '#src/domain/session/session-end.ts';

import { backupSession, restoreSession } from '#test/domain/objects.ts';

const now = new Date('2026-03-14T03:01:15Z');
const other = { type: 'Other', status: 'True' as const };
const lastTransitionTime = now.toISOString();
const why = 'because';
const late: SessionEnd = { how: 'late', why };
const disrupted: SessionEnd = { how: 'disrupted', why };
const notEnsured: SessionEnd = { how: 'not-ensured', why };
const common = { timeoutMs: 60_000, now };
const overdue = {
  ...{ ...stashCondition.deadlineExceeded, message: 'not done within 1m: because', lastTransitionTime },
};
const withoutExecutor = (kind: 'Backup' | 'Restore') => ({
  ...{ type: `${kind}ExecutorEnsured`, status: 'False', reason: `FailedToEnsure${kind}Executor` },
  ...{ message: why, lastTransitionTime },
});

test('a backup that ends so is Failed, and says why beside what its status said', () => {
  const present = {
    ...{ phase: 'Running' as const, sessionDeadline: 'x', conditions: [other] },
    targets: [
      { ref: { name: 'mine' }, phase: 'Running' as const, conditions: [other] },
      { phase: 'Pending' as const },
    ],
  };
  const ended = (end: SessionEnd) =>
    failedBackup(backupSession(), { end, ref: { name: 'db' }, ...common })(present);
  const first = { ref: { name: 'mine' }, phase: 'Failed', conditions: [other] };
  const failed = { phase: 'Failed', sessionDeadline: 'x', sessionDuration: '1m15s' };
  const targets = [first, { phase: 'Pending' }];
  assert.deepEqual(ended(late), { ...failed, targets, conditions: [other, overdue] });
  assert.deepEqual(ended(disrupted), {
    ...{ ...failed, targets },
    conditions: [other, { ...stashCondition.backupDisrupted, message: why, lastTransitionTime }],
  });
  assert.deepEqual(ended(notEnsured), {
    ...{ ...failed, conditions: [other] },
    targets: [{ ...first, conditions: [other, withoutExecutor('Backup')] }, { phase: 'Pending' }],
  });
});

test('a backup that ends before it has a status has one target', () => {
  const ended = (end: SessionEnd, ref?: { name: string }) =>
    failedBackup(backupSession(), { end, ref, ...common })(undefined);
  const failed = { phase: 'Failed', sessionDuration: '1m15s' };
  assert.deepEqual(ended(late, { name: 'db' }), {
    ...{ ...failed, targets: [{ ref: { name: 'db' }, phase: 'Failed' }] },
    conditions: [overdue],
  });
  assert.deepEqual(ended(late), { ...failed, targets: [{ phase: 'Failed' }], conditions: [overdue] });
  assert.deepEqual(ended(notEnsured), {
    ...failed,
    targets: [{ phase: 'Failed', conditions: [withoutExecutor('Backup')] }],
  });
});

test('a restore that ends so is Failed or Invalid, and says why beside what its status said', () => {
  const present = { phase: 'Running' as const, sessionDeadline: 'x', conditions: [other] };
  const ended = (end: SessionEnd) => failedRestore(restoreSession(), { end, ...common });
  const failed = { phase: 'Failed', sessionDeadline: 'x', sessionDuration: '1m15s' };
  const notCompleted = { ...stashCondition.restoreNotCompleted, message: why, lastTransitionTime };
  assert.deepEqual(ended(late)(present), { ...failed, conditions: [other, overdue] });
  assert.deepEqual(ended(disrupted)(present), { ...failed, conditions: [other, notCompleted] });
  assert.deepEqual(ended(notEnsured)(present), {
    ...failed,
    conditions: [other, withoutExecutor('Restore')],
  });
  assert.deepEqual(ended(disrupted)(undefined).conditions, [notCompleted]);
  const invalid = invalidRestore(restoreSession(), why, now);
  assert.deepEqual(invalid(present), { ...failed, phase: 'Invalid', conditions: [other, notCompleted] });
  assert.deepEqual(invalid(undefined), {
    ...{ phase: 'Invalid', sessionDuration: '1m15s', conditions: [notCompleted] },
  });
});

test('a session has an executor only if the condition of its kind is True', () => {
  const yes = executorEnsured('Backup', true, 'job j was created');
  const no = executorEnsured('Backup', false, 'quota');
  assert.deepEqual(yes, { ...executorCondition('Backup', true), message: 'job j was created' });
  assert.deepEqual(no, { ...executorCondition('Backup', false), message: 'quota' });
  assert.equal(isExecutorEnsured('Backup', [other, yes]), true);
  assert.equal(isExecutorEnsured('Backup', [other, no]), false);
  assert.equal(isExecutorEnsured('Restore', [yes]), false);
  assert.equal(isExecutorEnsured('Restore', [executorEnsured('Restore', true, '')]), true);
  for (const none of [undefined, [], [other]]) assert.equal(isExecutorEnsured('Backup', none), false);
});

test('an end is a disruption, or a delay that explains the deadline', () => {
  const rows: [SessionEnd | undefined, disruption: string | undefined, delay: string | undefined][] = [
    [undefined, undefined, undefined],
    [late, undefined, why],
    [disrupted, why, undefined],
    [notEnsured, why, undefined],
  ];
  for (const [end, disruption, delay] of rows)
    assert.deepEqual([disruptionOf(end), latenessOf(end)], [disruption, delay], end?.how ?? 'no end');
});

test('a session ended its duration after its creation', () => {
  assert.deepEqual(endedAt(backupSession({ sessionDuration: '1m15s' })), now);
  for (const unknown of [undefined, {}, { sessionDuration: '' }, { sessionDuration: 'long' }])
    assert.equal(endedAt(backupSession(unknown)), undefined);
});
