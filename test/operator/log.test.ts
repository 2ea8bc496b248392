import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StashError } from '#src/errors.ts';
import { createLog, errorFields, type LogLevel } from '#src/operator/log.ts';
import { manualClock } from '#test/support/clock.ts';

import { linesInto } from './lines.ts';

function logged(level: LogLevel, message: string, fields?: Record<string, unknown>): unknown[] {
  const lines: string[] = [];
  const log = createLog(linesInto(lines), level, manualClock());
  for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name](message, fields);
  return lines.map((line) => JSON.parse(line) as unknown);
}

test('logs one JSON object a line: level, time by the given clock, fields, message', () => {
  assert.deepEqual(logged('error', 'it "broke"\n', { namespace: 'demo', n: 1 }), [
    { level: 'error', time: '2026-03-14T03:00:00.000Z', namespace: 'demo', n: 1, msg: 'it "broke"\n' },
  ]);
});

test('logs nothing below the level', () => {
  const levels = (level: LogLevel) => logged(level, 'x').map((line) => (line as { level: string }).level);
  assert.deepEqual(levels('debug'), ['debug', 'info', 'warn', 'error']);
  assert.deepEqual(levels('warn'), ['warn', 'error']);
});

test('a StashError is logged with its message, any other error with its stack, and neither with its cause', () => {
  const cause = new Error('Authorization: Bearer secret');
  const ours = new StashError('forbidden', 'it may not', { hint: 'ask', cause });
  assert.deepEqual(errorFields(ours), { error: 'it may not', kind: 'forbidden', hint: 'ask' });
  const { error, stack } = errorFields(new TypeError('x is not a function'));
  assert.equal(error, 'x is not a function');
  assert.match(String(stack), /log\.test\.ts/);
  assert.deepEqual(errorFields('text'), { error: 'text' });
});
