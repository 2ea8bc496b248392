import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stashCondition } from '#src/api/conditions.ts';
import type { Condition } from '#src/api/kubernetes.ts';
import {
  deadlineExceeded,
  deadlineOf,
  durationSince,
  findCondition,
  isDeadlineExceeded,
  isFinal,
  lateAt,
  tellsFailure,
  timeLimitMs,
  withCondition,
} from '#src/domain/session/session-status.ts';
import { inPlaceSession, type InPlaceChanges } from '#test/domain/in-place/in-place-session.ts';
import { backupSession, stored } from '#test/domain/objects.ts';

const created = '2026-03-14T03:00:00.000Z';
const at = (seconds: number) => new Date(Date.parse(created) + seconds * 1_000);

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

test('a session is over in a final phase only', () => {
  for (const phase of ['Succeeded', 'Failed', 'Skipped', 'Unknown'] as const)
    assert.equal(isFinal(backupSession({ phase })), true, phase);
  for (const status of [undefined, {}, { phase: 'Pending' as const }, { phase: 'Running' as const }])
    assert.equal(isFinal(backupSession(status)), false, status?.phase ?? 'no phase');
  const other: object = { phase: 'Other' };
  assert.equal(isFinal(backupSession(other)), false);
});

test('a restore in place is over once that is written or it has failed, whatever its phase says before', () => {
  const over = (changes: InPlaceChanges) => isFinal(stored(inPlaceSession(changes)));
  for (const phase of ['Pending', 'Running', 'Succeeded', 'Unknown', 'Invalid'] as const) {
    assert.equal(over({ phase, conditions: ['claimsStaged'] }), false, phase);
    assert.equal(over({ phase, conditions: ['restoreCompleted'] }), true, phase);
    assert.equal(over({ phase, conditions: ['restoreNotCompleted'] }), true, phase);
  }
  assert.equal(over({ phase: 'Failed' }), true);
  const { metadata, ...session } = backupSession({ phase: 'Succeeded' });
  const annotations = { 'stash.appscode.com/in-place': '{}' };
  assert.equal(isFinal({ ...session, metadata: { ...metadata, annotations } }), true, 'a backup is none');
});

test('a session has ten minutes, unless its specification says how long', () => {
  assert.equal(timeLimitMs(undefined), 600_000);
  assert.equal(timeLimitMs('nonsense'), 600_000);
  assert.equal(timeLimitMs('1m'), 60_000);
});

test('a session has a deadline once an executor has written it', () => {
  assert.equal(deadlineOf(backupSession()), undefined);
  assert.equal(deadlineOf(backupSession({ phase: 'Pending' })), undefined);
  assert.deepEqual(deadlineOf(backupSession({ sessionDeadline: created })), at(0));
});

test('a claim may be 15 s later where the watch was disconnected', () => {
  assert.deepEqual(lateAt(at(60), false), at(60));
  assert.deepEqual(lateAt(at(60), true), at(75));
});

test('a session has taken the time since its creation, and none where the clocks differ', () => {
  assert.equal(durationSince(backupSession(), at(75)), '1m15s');
  assert.equal(durationSince(backupSession(), at(-5)), '0s');
});

test('what is said about a deadline names the time, and the cause where it is known', () => {
  assert.deepEqual(deadlineExceeded(60_000), {
    ...stashCondition.deadlineExceeded,
    message: 'not done within 1m',
  });
  assert.equal(deadlineExceeded(60_000, 'its job waits').message, 'not done within 1m: its job waits');
});

test('a condition is replaced in its place, and keeps its time while its status is the same', () => {
  const [before, after] = [at(0).toISOString(), at(9).toISOString()];
  const first = { type: 'First', status: 'True' as const, lastTransitionTime: before };
  const last = { type: 'Last', status: 'True' as const };
  const now = at(9);
  const conditions = [first, last];
  const set = (status: 'True' | 'False', message: string) =>
    withCondition(conditions, { type: 'First', status, message }, now);
  assert.deepEqual(set('True', 'as before'), [{ ...first, message: 'as before' }, last]);
  assert.deepEqual(set('False', 'no'), [
    { ...{ type: 'First', status: 'False', message: 'no' }, lastTransitionTime: after },
    last,
  ]);
  const added = { type: 'New', status: 'True' as const };
  const dated = { ...added, lastTransitionTime: after };
  assert.deepEqual(withCondition(conditions, added, now), [first, last, dated]);
  assert.deepEqual(withCondition(undefined, added, now), [dated]);
  // A condition that another program wrote without a time gets one.
  assert.deepEqual(withCondition(conditions, last, now), [first, { ...last, lastTransitionTime: after }]);
});

test('a condition is found by its type, and there is none without a status', () => {
  const { deadlineExceeded: late, backupSkipped } = stashCondition;
  const session = backupSession({ conditions: [backupSkipped, late] });
  assert.equal(findCondition(session, late.type), late);
  for (const none of [undefined, {}]) assert.equal(findCondition(backupSession(none), late.type), undefined);
});
