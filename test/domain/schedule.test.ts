import assert from 'node:assert/strict';
import { placeholderSchedule } from '#src/domain/backup/placeholder.ts';
import { test } from 'node:test';

import fc from 'fast-check';

import { checkSchedule, nextRun } from '#src/domain/schedule.ts';

test('accepts the schedules that a Kubernetes CronJob accepts', () => {
  const schedules = [
    '* * * * *',
    '*/5 * * * *',
    '0 3 * * *',
    '  0   3 * * *  ',
    '5/15 * * * *',
    '0-30/10,45 9-17 ? JAN-Mar,12 mon-FRI',
    '0 0 29 2 *',
    '0 0 31 2 MON',
    '0,,30 * * * *',
    `${'0,'.repeat(496)} * * * *`,
    '@hourly',
    '@daily',
    '@midnight',
    '@weekly',
    '@monthly',
    '@yearly',
    '@annually',
    '@every 90m',
    '@every 1h30m',
    placeholderSchedule,
  ];
  for (const text of schedules) assert.equal(checkSchedule(text), undefined, text);
});

test('returns the reason why a text is not a schedule', () => {
  const five = 'and a schedule has five: minute, hour, day of month, month, day of week';
  const rows: [string, string][] = [
    ['', `"" has no fields, ${five}`],
    ['hourly', `"hourly" has one field, ${five}`],
    ['* * * *', `"* * * *" has 4 fields, ${five}`],
    ['0 * * * * *', `"0 * * * * *" has 6 fields, ${five}`],
    ['60 * * * *', 'the minute "60" is not within 0 to 59'],
    ['* 24 * * *', 'the hour "24" is not within 0 to 23'],
    ['* * 0 * *', 'the day of month "0" is not within 1 to 31'],
    ['* * * 13 *', 'the month "13" is not within 1 to 12 or JAN to DEC'],
    ['* * * * 7', 'the day of week "7" is not within 0 to 6 or SUN to SAT'],
    ['* * * * MO', 'the day of week "MO" is not within 0 to 6 or SUN to SAT'],
    ['* * L * *', 'the day of month "L" is not within 1 to 31'],
    ['* * 15W * *', 'the day of month "15W" is not within 1 to 31'],
    ['* * * * 5#2', 'the day of week "5#2" is not a number, a range or a step'],
    ['5-60 * * * *', 'the minute "5-60" is not within 0 to 59'],
    ['60-5 * * * *', 'the minute "60-5" is not within 0 to 59'],
    ['0x10 * * * *', 'the minute "0x10" is not within 0 to 59'],
    [`${'0,'.repeat(496)}0 * * * *`, 'it is longer than 1000 characters'],
    ['30-10 * * * *', 'the minute "30-10" ends before it begins'],
    ['*/0 * * * *', 'the minute "*/0" has a step of zero'],
    ['-5 * * * *', 'the minute "-5" is not a number, a range or a step'],
    [', * * * *', 'the minute "," names no value'],
    ['TZ=UTC 0 3 * * *', '"TZ=UTC 0 3 * * *" names a time zone, which a CronJob takes in a field of its own'],
    [
      'CRON_TZ=UTC @daily',
      '"CRON_TZ=UTC @daily" names a time zone, which a CronJob takes in a field of its own',
    ],
    ['@every 5', '"5" is not a duration such as 90m or 1h30m'],
    ['@every -5m', '"-5m" is not a duration such as 90m or 1h30m'],
    [
      '@Daily',
      '"@Daily" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every DURATION',
    ],
    ['0 0 31 2 *', '"0 0 31 2 *" is never due'],
    ['0 0 30,31 2 *', '"0 0 30,31 2 *" is never due'],
  ];
  for (const [text, why] of rows) assert.equal(checkSchedule(text), why, text);
});

test('returns the next run in UTC', () => {
  const from = '2026-03-14T03:00:00Z'; // A Saturday.
  const rows: [string, string, string | undefined][] = [
    ['* * * * *', from, '2026-03-14T03:01:00Z'],
    ['* * * * *', '2026-03-14T02:59:59.999Z', '2026-03-14T03:00:00Z'],
    ['0 3 * * *', from, '2026-03-15T03:00:00Z'],
    ['50/4 * * * *', from, '2026-03-14T03:50:00Z'],
    ['50/4 * * * *', '2026-03-14T03:50:00Z', '2026-03-14T03:54:00Z'],
    ['50/4 * * * *', '2026-03-14T03:58:00Z', '2026-03-14T04:50:00Z'],
    ['0 9-17/4 * * mon-fri', from, '2026-03-16T09:00:00Z'],
    ['0 0 29 2 *', from, '2028-02-29T00:00:00Z'],
    // Both day fields are restricted: a day that matches either one is due.
    ['0 0 20 * TUE', from, '2026-03-17T00:00:00Z'],
    ['0 0 15 * TUE', from, '2026-03-15T00:00:00Z'],
    // One day field is unrestricted: the other decides.
    ['0 0 ? * TUE', from, '2026-03-17T00:00:00Z'],
    ['0 0 */1 * TUE', from, '2026-03-17T00:00:00Z'],
    // A step and a full range count as restricted, as in Kubernetes.
    ['0 0 1-31 * TUE', from, '2026-03-15T00:00:00Z'],
    ['0 0 */2 * TUE', from, '2026-03-15T00:00:00Z'],
    ['@hourly', from, '2026-03-14T04:00:00Z'],
    ['@daily', from, '2026-03-15T00:00:00Z'],
    ['@weekly', from, '2026-03-15T00:00:00Z'],
    ['@monthly', from, '2026-04-01T00:00:00Z'],
    ['@yearly', from, '2027-01-01T00:00:00Z'],
    ['@every 90m', from, '2026-03-14T04:30:00Z'],
    ['@every 100ms', '2026-03-14T03:00:00.700Z', '2026-03-14T03:00:01Z'],
    ['0 0 31 2 *', from, undefined],
    ['nonsense', from, undefined],
  ];
  for (const [text, at, due] of rows) {
    const expected = due === undefined ? undefined : new Date(due);
    assert.deepEqual(nextRun(text, new Date(at)), expected, `${text} from ${at}`);
  }
});

test('the time zone of the machine makes no difference', () => {
  const { TZ } = process.env;
  process.env['TZ'] = 'America/New_York';
  try {
    assert.deepEqual(
      nextRun('0 3 * * *', new Date('2026-03-14T01:00:00Z')),
      new Date('2026-03-14T03:00:00Z'),
    );
  } finally {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  }
});

test('the next run is the first time that matches all fields', () => {
  const list = (min: number, max: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((all) => all.join(',')),
    );
  const from = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(list(0, 59), list(0, 23), list(0, 6), from, (minute, hour, weekday, from) => {
      const due = nextRun(`${minute} ${hour} * * ${weekday}`, from);
      const fits = (field: string, value: number) =>
        field === '*' || field.split(',').map(Number).includes(value);
      let at = Math.floor(from.getTime() / 60_000) * 60_000 + 60_000;
      const isDue = (time: Date) =>
        fits(minute, time.getUTCMinutes()) &&
        fits(hour, time.getUTCHours()) &&
        fits(weekday, time.getUTCDay());
      while (!isDue(new Date(at))) at += 60_000;
      assert.equal(due?.toISOString(), new Date(at).toISOString());
    }),
  );
});
