import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createBackOff, formatBackOff } from '#src/sandbox/node/back-off.ts';

test('the first restart is immediate, later ones are delayed increasingly, up to five minutes', () => {
  const backOff = createBackOff();
  let now = 0;
  const waits = Array.from({ length: 8 }, () => {
    const wait = backOff.next(now);
    now += wait + 1000;
    return formatBackOff(wait);
  });
  assert.deepEqual(waits, ['0s', '10s', '20s', '40s', '1m20s', '2m40s', '5m0s', '5m0s']);
});

test('a long run resets the delay', () => {
  const backOff = createBackOff();
  assert.deepEqual([backOff.next(0), backOff.next(1000), backOff.next(12_000)], [0, 10_000, 20_000]);
  assert.deepEqual([backOff.next(633_000), backOff.next(634_000)], [0, 10_000]);
});
