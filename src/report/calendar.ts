/** Prints restore points by day: a row for each week, and sentences about the days without a complete restore point. */
import { isGood, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';

import { renderTable } from './table.ts';
import { timeFormat, type TimeZone } from './time.ts';

/** The number of weeks: the present week and those before it. */
export const calendarWeeks = 5;

const dayMs = 86_400_000;
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export interface CalendarDay {
  /** `2026-11-28` */
  readonly day: string;
  readonly complete: number;
  readonly incomplete: number;
  /** Whether there was a restore point on that day or before. */
  readonly hasBegun: boolean;
}

export interface CalendarScene {
  readonly points: readonly RestorePoint[];
  readonly now: Date;
  readonly zone: TimeZone;
}

/** Returns every day of the weeks up to today. Weeks begin on Mondays. */
export function calendarDays({ points, now, zone }: CalendarScene): readonly CalendarDay[] {
  const format = timeFormat(zone);
  const dayOf = (time: Date) => format(time).slice(0, 'yyyy-mm-dd'.length);
  const byDay = Map.groupBy(points, ({ takenAt }) => dayOf(takenAt));
  const first = [...byDay.keys()].sort()[0];
  const today = Date.parse(dayOf(now));
  const sinceMonday = (new Date(today).getUTCDay() + 6) % weekdays.length;
  const count = (calendarWeeks - 1) * weekdays.length + sinceMonday + 1;
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(today - (count - 1 - index) * dayMs).toISOString().slice(0, 'yyyy-mm-dd'.length);
    const all = byDay.get(day) ?? [];
    const complete = all.filter(isGood).length;
    return {
      ...{ day, complete, incomplete: all.length - complete },
      hasBegun: first !== undefined && first <= day,
    };
  });
}

/** Returns a table, and sentences that say the same. */
export function renderCalendar(scene: CalendarScene): string {
  const days = calendarDays(scene);
  const weeks = Array.from({ length: calendarWeeks }, (_, week) =>
    days.slice(week * weekdays.length, (week + 1) * weekdays.length),
  );
  const table = renderTable(
    ['week of', ...weekdays],
    weeks.map((week) => [
      week[0]?.day ?? '',
      ...weekdays.map((_, index) => {
        const day = week[index];
        return day === undefined ? '' : cellOf(day);
      }),
    ]),
  );
  return `${table}${wordsOf(days).join('\n')}\n`;
}

/** Returns the number of complete restore points, or a sign if there is none. */
function cellOf({ complete, incomplete, hasBegun }: CalendarDay): string {
  if (complete > 0) return String(complete);
  if (incomplete > 0) return '!';
  return hasBegun ? '-' : '.';
}

function wordsOf(days: readonly CalendarDay[]): string[] {
  const begun = days.filter(({ hasBegun }) => hasBegun);
  const gaps = begun.filter(({ complete }) => complete === 0);
  const covered = begun.length - gaps.length;
  return [
    'complete restore points of each day; ! only some that are not known to be complete, - none, . before the first one',
    `${covered} of ${begun.length} ${begun.length === 1 ? 'day has' : 'days have'} a complete restore point`,
    ...gaps.map(
      ({ day, incomplete }) =>
        `${day}: ${incomplete === 0 ? 'none' : `${incomplete} not known to be complete`}`,
    ),
  ];
}
