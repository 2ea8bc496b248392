import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { calendarDays, calendarWeeks, renderCalendar } from '#src/report/calendar.ts';
import { backupSession, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';
import { berlin } from '#test/support/berlin.ts';
import { matchGolden } from '#test/support/golden.ts';

/** A Wednesday. */
const now = new Date('2024-12-18T10:00:00Z');
const utc = 'utc';

function pointsAt(...times: readonly string[]) {
  return restorePoints(
    times.map((created, index) => snapshotOf(`deploy-foo-${index}`, 'data', { created })),
    times.map((created, index) => backupSession(`deploy-foo-${index}`, 'Succeeded', { created })),
  );
}

test('the calendar of a workload with gaps', () => {
  const created = '2024-12-05T03:00:00Z';
  const nightly = ['11-27', '11-28', '11-29', '12-02', '12-03', '12-09', '12-09', '12-17', '12-18'];
  const points = [
    ...pointsAt(...nightly.map((day) => `2024-${day}T03:00:00Z`)),
    ...restorePoints(
      [snapshotOf('deploy-foo-bad', 'data', { created })],
      [backupSession('deploy-foo-bad', 'Failed', { created })],
    ),
    ...restorePoints([foreignSnapshot('data', { created: '2024-12-06T03:00:00Z' })], []),
  ];
  matchGolden('calendar', renderCalendar({ points, now, zone: utc }));
});

test('a day is one of the time zone', () => {
  const points = pointsAt('2024-12-16T23:30:00Z');
  const on = (zone: Parameters<typeof calendarDays>[0]['zone']) =>
    calendarDays({ points, now, zone }).find(({ complete }) => complete > 0)?.day;
  assert.deepEqual([on(utc), on({ local: berlin })], ['2024-12-16', '2024-12-17']);
});

test('every day from a Monday to today is there once, and each restore point since is counted once', () => {
  const time = fc.date({ min: new Date('2024-01-01'), max: new Date('2025-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.array(time, { maxLength: 20 }), time, (times, today) => {
      const points = pointsAt(...times.map((each) => each.toISOString()));
      const days = calendarDays({ points, now: today, zone: utc });
      const first = days[0]?.day ?? '';
      assert.equal(new Date(first).getUTCDay(), 1);
      assert.equal(days.at(-1)?.day, today.toISOString().slice(0, 10));
      assert.equal(new Set(days.map(({ day }) => day)).size, days.length);
      assert.equal(Math.ceil(days.length / 7), calendarWeeks);
      const inside = points.filter(({ takenAt }) => {
        const day = takenAt.toISOString().slice(0, 10);
        return day >= first && day <= (days.at(-1)?.day ?? '');
      });
      assert.equal(
        days.reduce((sum, { complete, incomplete }) => sum + complete + incomplete, 0),
        inside.length,
      );
    }),
  );
});
