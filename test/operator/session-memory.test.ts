import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSessionMemory } from '#src/operator/session-memory.ts';
import { backupSession } from '#test/domain/restore-point-objects.ts';

test('each thing about a session is the first once, until the session is forgotten', () => {
  const memory = createSessionMemory();
  assert(memory.isFirst('a', 'Started'));
  assert(!memory.isFirst('a', 'Started'));
  assert(memory.isFirst('a', 'Ended'));
  assert(memory.isFirst('b', 'Started'));
  memory.forget('a');
  assert(memory.isFirst('a', 'Started'));
  assert(!memory.isFirst('b', 'Started'));
});

test('only a session that was seen unfinished has just ended, and only once', () => {
  const memory = createSessionMemory();
  const running = backupSession('s-1', 'Running');
  const ended = backupSession('s-1', 'Succeeded');
  assert(!memory.hasJustEnded(ended));
  assert(!memory.hasJustEnded(running));
  assert(memory.hasJustEnded(ended));
  assert(!memory.hasJustEnded(ended));
});
