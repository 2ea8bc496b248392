/** What the status of each kind of session says of its hooks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { backupHookRecord, restoreHookRecord } from '#src/domain/session/hook-record.ts';

const now = new Date('2026-03-14T03:00:00Z');
const lastTransitionTime = now.toISOString();
const other = { type: 'Other', status: 'True' as const };
const good = {
  ...{
    type: 'PreBackupHookExecutionSucceeded',
    status: 'True' as const,
    message: 'done',
    lastTransitionTime,
  },
  reason: 'SuccessfullyExecutedPreBackupHook',
};
const bad = {
  ...{ type: 'PreRestoreHookExecutionSucceeded', status: 'False' as const, message: 'exit code 1' },
  ...{ reason: 'FailedToExecutePreRestoreHook', lastTransitionTime },
};
const done = { ok: true, message: 'done' };
const failed = { ok: false, message: 'exit code 1' };

describe('a backup session records a hook', () => {
  const { has, set } = backupHookRecord;

  test('on its target, and keeps what the status says besides', () => {
    const present = {
      ...{ phase: 'Running' as const, conditions: [other] },
      targets: [{ phase: 'Running' as const, conditions: [other] }, { phase: 'Pending' as const }],
    };
    const after = set(present, 'preBackup', done, now);
    assert.deepEqual(after, {
      ...present,
      targets: [{ phase: 'Running', conditions: [other, good] }, { phase: 'Pending' }],
    });
    assert.ok(has(after, 'preBackup'));
    assert.ok(!has(after, 'postBackup'));
    assert.deepEqual(set(after, 'preBackup', undefined, now), present);
  });

  test('where there is no status yet', () => {
    const after = set(undefined, 'preBackup', done, now);
    assert.deepEqual(after, { targets: [{ conditions: [good] }] });
    assert.deepEqual(set({}, 'preBackup', undefined, now), { targets: [{ conditions: [] }] });
    for (const none of [undefined, {}, { targets: [{}] }]) assert.ok(!has(none, 'preBackup'));
    assert.ok(has({ targets: [{}, { conditions: [good] }] }, 'preBackup'));
    assert.ok(!has({ targets: [{ conditions: [other] }] }, 'preBackup'));
  });
});

describe('a restore session records a hook', () => {
  const { has, set } = restoreHookRecord;

  test('in its conditions, and keeps what the status says besides', () => {
    const present = { phase: 'Running' as const, conditions: [other] };
    const after = set(present, 'preRestore', failed, now);
    assert.deepEqual(after, { phase: 'Running', conditions: [other, bad] });
    assert.ok(has(after, 'preRestore'));
    assert.ok(!has(after, 'postRestore'));
    assert.deepEqual(set(after, 'preRestore', undefined, now), present);
  });

  test('where there is no status yet', () => {
    assert.deepEqual(set(undefined, 'preRestore', failed, now), { conditions: [bad] });
    assert.deepEqual(set(undefined, 'preRestore', undefined, now), { conditions: [] });
    for (const none of [undefined, {}]) assert.ok(!has(none, 'preRestore'));
  });
});
