/** Formats times in tables. */

/** Minutes that a zone's clock is ahead of UTC at that time. */
export type UtcOffset = (time: Date) => number;
export type TimeZone = 'utc' | { readonly local: UtcOffset };

const minute = 60_000;

/**
 * Formats to the second: `2026-11-28T03:00:05Z`, or local time without a zone, as `--from` and `--since` accept it.
 * Does not use Intl, which needs 6 MiB of memory.
 */
export function timeFormat(zone: TimeZone): (time: Date) => string {
  if (zone === 'utc') return (time) => `${toSecond(time)}Z`;
  return (time) => toSecond(new Date(time.getTime() + zone.local(time) * minute));
}

function toSecond(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, '');
}
