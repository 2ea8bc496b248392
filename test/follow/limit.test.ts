import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Session } from '#src/domain/session/session-status.ts';
import { executing, type Limit } from '#src/follow/limit.ts';
import { backupSession } from '#test/domain/restore-point-objects.ts';

const at = new Date('2024-11-24T06:10:00Z');

/** Whether the limit interrupts an executor of a session with this deadline. */
function interrupts(deadline: string | undefined, limit: Limit | undefined): boolean {
  const plain = backupSession('deploy-foo-1732428000', 'Running', { claims: ['data'] });
  const status = { ...plain.status, sessionDeadline: deadline };
  const session = { ...plain, status } as Session;
  return executing({ environment: false, within: true }, session, limit);
}

test('a limit interrupts the executor of a session only if the session may end later', () => {
  const limit: Limit = { timeoutMs: 1, at, signal: new AbortController().signal, hasPassed: () => false };
  assert.equal(interrupts('2024-11-24T06:10:00Z', limit), false);
  assert.equal(interrupts('2024-11-24T06:10:01Z', limit), true);
  assert.equal(interrupts(undefined, limit), false, 'the session gets its deadline from the limit');
  assert.equal(interrupts('2024-11-24T06:10:01Z', undefined), false);
});

test('a limit that has passed, and a user who stops the command, interrupt every executor', () => {
  const limit: Limit = { timeoutMs: 1, at, signal: AbortSignal.abort(), hasPassed: () => true };
  assert.equal(interrupts('2024-11-24T06:10:00Z', limit), true);
  assert.equal(interrupts(undefined, limit), true);
});
