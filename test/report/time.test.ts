import assert from 'node:assert/strict';
import { test } from 'node:test';

import { timeFormat } from '#src/report/time.ts';

const time = new Date('2024-11-24T22:05:09.900Z');

test('a time in UTC has its zone, wherever the machine is; a local one has none', () => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'Asia/Tokyo';
  try {
    assert.equal(timeFormat('utc')(time), '2024-11-24T22:05:09Z');
    assert.equal(timeFormat({ local: 'Europe/Berlin' })(time), '2024-11-24T23:05:09');
    assert.equal(timeFormat({ local: undefined })(time), '2024-11-25T07:05:09');
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});
