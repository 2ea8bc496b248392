import assert from 'node:assert/strict';
import { test } from 'node:test';

import { orUntil } from '#src/cluster/or-until.ts';
import { after } from '#src/domain/clock.ts';
import { manualClock } from '#test/support/clock.ts';

test('work that is done first: true, and nothing sleeps on', async () => {
  const clock = manualClock();
  assert.equal(await orUntil(clock, after(clock, 1_000), Promise.resolve('done')), true);
  await clock.advance(0);
  assert.equal(clock.sleepers(), 0);
});

test('work that goes on when the time has come: false, and its failure later harms nobody', async () => {
  const clock = manualClock();
  const work = Promise.withResolvers<undefined>();
  const ended = orUntil(clock, after(clock, 1_000), work.promise);
  await clock.advance(999);
  assert.equal(clock.sleepers(), 1);
  await clock.advance(1);
  assert.equal(await ended, false);
  work.reject(new Error('too late'));
  await clock.advance(0);
});

test('work that fails in time', async () => {
  const clock = manualClock();
  const failing = orUntil(clock, after(clock, 1_000), Promise.reject(new Error('refused')));
  await assert.rejects(failing, /refused/);
});

test('a time that has passed already', async () => {
  const clock = manualClock();
  assert.equal(await orUntil(clock, after(clock, -1), new Promise(() => undefined)), false);
});
