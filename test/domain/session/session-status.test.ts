import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stashCondition } from '#src/api/conditions.ts';
import type { Condition } from '#src/api/kubernetes.ts';
import { isDeadlineExceeded, tellsFailure } from '#src/domain/session/session-status.ts';
import { backupSession } from '#test/domain/objects.ts';

test('a session was late only if the condition says so', () => {
  const { deadlineExceeded } = stashCondition;
  const late = (conditions: Condition[]) =>
    isDeadlineExceeded(backupSession({ phase: 'Failed', conditions }));
  assert.equal(late([deadlineExceeded]), true);
  assert.equal(late([{ ...deadlineExceeded, status: 'False' }]), false);
  assert.equal(late([{ ...deadlineExceeded, type: 'Other' }]), false);
  assert.equal(late([]), false);
});

test('a condition tells a failure by its status or its reason', () => {
  assert.equal(tellsFailure({ type: 'Any', status: 'False' }), true);
  assert.equal(tellsFailure({ type: 'Any', status: 'True', reason: 'FailedToStart' }), true);
  assert.equal(tellsFailure({ type: 'Any', status: 'True', reason: 'Started' }), false);
  assert.equal(tellsFailure({ type: 'Any', status: 'True' }), false);
});
