/** Times in tables. */

/** RFC 3339 to the second: `2026-11-28T03:00:05Z`, or local without a zone, as `--from` and `--since` take it. */
export function timeFormat(zone: TimeZone): (time: Date) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    timeZone: zone === 'utc' ? 'UTC' : zone.local,
  });
  return (time) => `${format.format(time).replace(' ', 'T')}${zone === 'utc' ? 'Z' : ''}`;
}

/** `local`: a name such as `Europe/Berlin`; undefined for the machine's zone. */
export type TimeZone = 'utc' | { readonly local: string | undefined };
