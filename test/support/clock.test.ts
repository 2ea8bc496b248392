import assert from 'node:assert/strict';
import { test } from 'node:test';

import { manualClock } from './clock.ts';

test('sleeps end in order, each at its own time, and woken code may sleep again', async () => {
  const clock = manualClock('2026-01-01T00:00:00Z');
  const log: [string, number][] = [];
  const note = (name: string) => log.push([name, clock.now().getTime() - Date.UTC(2026, 0, 1)]);
  const ticking = (async () => {
    for (let count = 0; count < 3; count += 1) {
      await clock.sleep(10);
      note('tick');
    }
  })();
  const late = clock.sleep(25).then(() => note('late'));
  await clock.advance(20);
  assert.deepEqual(log, [
    ['tick', 10],
    ['tick', 20],
  ]);
  await clock.advance(100);
  await Promise.all([ticking, late]);
  assert.deepEqual(log.slice(2), [
    ['late', 25],
    ['tick', 30],
  ]);
  assert.equal(clock.now().toISOString(), '2026-01-01T00:00:00.120Z');
});

test('an abort ends a sleep at once', async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const sleep = clock.sleep(1000, stop.signal);
  assert.equal(clock.sleepers(), 1);
  stop.abort();
  await sleep;
  await clock.sleep(1000, stop.signal);
  assert.equal(clock.sleepers(), 0);
});
