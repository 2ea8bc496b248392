import assert from 'node:assert/strict';
import { test } from 'node:test';

import { after } from '#src/domain/clock.ts';
import { dueOf, isOverdue } from '#src/domain/due.ts';

const at = (time: string) => new Date(`2026-03-14T${time}Z`);

test('the next run counts from now, the others from the last success', () => {
  assert.deepEqual(dueOf('0 * * * *', at('01:30:00'), at('05:10:00')), {
    next: at('06:00:00'),
    first: at('02:00:00'),
    second: at('03:00:00'),
  });
  for (const never of ['0 0 31 2 *', 'nonsense']) {
    assert.equal(dueOf(never, at('01:30:00'), at('05:10:00')), undefined);
  }
});

test('a schedule is overdue from its second run without a success on', () => {
  const due = dueOf('0 * * * *', at('01:30:00'), at('01:30:00')) ?? assert.fail();
  assert.equal(isOverdue(due, at('02:59:59')), false);
  assert.equal(isOverdue(due, at('03:00:00')), true);
});

test('a moment is so many milliseconds after the time of a clock', () => {
  const clock = { now: () => at('01:30:00'), sleep: () => Promise.resolve() };
  assert.deepEqual(after(clock, 1500), at('01:30:01.500'));
});
