/** Formats times of objects, which may be malformed. */
import { formatAge } from '#src/domain/duration.ts';

import { timeFormat, type TimeZone } from '../time.ts';

export interface Moments {
  readonly now: Date;
  /** Returns `2026-03-14T03:00:05`, or `<unknown>` if the value is no time. */
  readonly at: (time: string | number | Date | undefined) => string;
  /** `2026-03-14T03:00:05 (5m ago)`, `2026-03-14T03:00:05 (in the future)` */
  readonly ago: (time: string | number | Date | undefined) => string;
  /** Returns `5m`, or `<unknown>` if the value is no time. */
  readonly age: (time: string | number | Date | undefined) => string;
}

const unknown = '<unknown>';

export function momentsOf(now: Date, zone: TimeZone): Moments {
  const format = timeFormat(zone);
  const read = (time: string | number | Date | undefined) => {
    const date = new Date(time ?? NaN);
    return Number.isNaN(date.getTime()) ? undefined : date;
  };
  /** Whether the time is further ahead than the clocks of one cluster usually differ. */
  const isAhead = (date: Date) => date.getTime() - now.getTime() >= 2_000;
  const age = (date: Date) => formatAge(now.getTime() - date.getTime());
  const shown = (time: string | number | Date | undefined, show: (date: Date) => string) => {
    const date = read(time);
    return date === undefined ? unknown : show(date);
  };
  return {
    now,
    at: (time) => shown(time, format),
    ago: (time) =>
      shown(time, (date) => `${format(date)} (${isAhead(date) ? 'in the future' : `${age(date)} ago`})`),
    age: (time) => shown(time, age),
  };
}
