import assert from 'node:assert/strict';
import { test } from 'node:test';

import { timeFormat } from '#src/report/time.ts';
import { berlin } from '#test/support/berlin.ts';

const time = new Date('2024-11-24T22:05:09.900Z');

test('a time in UTC has its zone; a local one has none', () => {
  assert.equal(timeFormat('utc')(time), '2024-11-24T22:05:09Z');
  assert.equal(timeFormat({ local: berlin })(time), '2024-11-24T23:05:09');
  assert.equal(timeFormat({ local: () => 9 * 60 })(time), '2024-11-25T07:05:09');
  assert.equal(timeFormat({ local: () => -9.5 * 60 })(time), '2024-11-24T12:35:09');
});
