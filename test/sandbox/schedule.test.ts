import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseSchedule } from '#src/sandbox/schedule.ts';

test('the times before and after a given one', () => {
  const rows: [schedule: string, timeZone: string | undefined, at: string, latest: string, next: string][] = [
    ['*/5 * * * *', undefined, '2026-11-24T10:10:00.000Z', '2026-11-24T10:10', '2026-11-24T10:15'],
    ['*/5 * * * *', undefined, '2026-11-24T10:09:59.900Z', '2026-11-24T10:05', '2026-11-24T10:10'],
    ['@hourly', undefined, '2026-11-24T10:10:00.000Z', '2026-11-24T10:00', '2026-11-24T11:00'],
    ['0 3 * * mon-FRI', undefined, '2026-11-22T12:00:00.000Z', '2026-11-20T03:00', '2026-11-23T03:00'],
    ['0 0 13 * 5', undefined, '2026-11-24T10:00:00.000Z', '2026-11-20T00:00', '2026-11-27T00:00'],
    ['5/20 * * * ?', undefined, '2026-11-24T10:10:00.000Z', '2026-11-24T10:05', '2026-11-24T10:25'],
    ['30 2 * * *', 'Europe/Berlin', '2026-11-24T10:00:00.000Z', '2026-11-24T01:30', '2026-11-25T01:30'],
  ];
  for (const [text, timeZone, at, latest, next] of rows) {
    const schedule = parseSchedule(text, timeZone);
    const found = [schedule.latest(new Date(at)), schedule.next(new Date(at))];
    assert.deepEqual(
      found.map((time) => time?.toISOString()),
      [`${latest}:00.000Z`, `${next}:00.000Z`],
      text,
    );
  }
});

test('a day that does not exist', () => {
  const schedule = parseSchedule('0 0 30 2 *');
  assert.equal(schedule.next(new Date(0)), undefined);
  assert.equal(schedule.latest(new Date(0)), undefined);
});

test('invalid schedules', () => {
  const rows: [text: string, complaint: RegExp][] = [
    ['', /expected exactly 5 fields, found 0: \[\]/],
    ['* * * * * *', /expected exactly 5 fields, found 6/],
    ['60 * * * *', /end of range \(60\) above maximum \(59\): 60/],
    ['* * 0 * *', /beginning of range \(0\) below minimum \(1\): 0/],
    ['9-5 * * * *', /beginning of range \(9\) beyond end of range \(5\): 9-5/],
    ['*/0 * * * *', /step of range should be a positive number: \*\/0/],
    ['1-2-3 * * * *', /too many hyphens: 1-2-3/],
    ['*/2/3 * * * *', /too many slashes/],
    ['* * L * *', /failed to parse int from L/],
    ['* * * * 7', /above maximum \(6\)/],
    ['@often', /unrecognized descriptor: @often/],
    ['@every 1h', /the sandbox does not support @every/],
  ];
  for (const [text, complaint] of rows) assert.throws(() => parseSchedule(text), complaint, text);
});
