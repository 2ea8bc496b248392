/** Parses what `--from` may name instead of a session: a time, or a position among the complete restore points. */
import { day, parseDuration } from '#src/domain/duration.ts';

export type Moment =
  /** The newest restore point that was cut at this time or before. */
  | { readonly notAfter: Date }
  /** 1 is the newest restore point. */
  | { readonly place: number };

const date = /^\d{4}-\d\d-\d\d$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Reads `3h`, `2d` and `1h30m` (so long ago), `yesterday`, `2026-11-28`, `2026-11-28T03:00`, `2026-11-28T03:00:00Z` and
 * `-2` (the second newest). Returns undefined for other words. Times without a zone are local. A day, minute or second
 * counts to its end.
 */
export function parseMoment(text: string, now: Date): Moment | undefined {
  const place = /^-([1-9]\d{0,5})$/.exec(text)?.[1];
  if (place !== undefined) return { place: Number(place) };
  const ago = durationInDays(text) ?? parseDuration(text);
  if (ago !== undefined) {
    const notAfter = valid(now.getTime() - ago);
    return notAfter && { notAfter };
  }
  const notAfter = text === 'yesterday' ? valid(new Date(now).setHours(0, 0, 0, -1)) : endOf(text);
  return notAfter && { notAfter };
}

/** Reads `72h`, `3d` (from now), a date or a time, which count to their end. Returns undefined for other words. */
export function parseUntil(text: string, now: Date): Date | undefined {
  const left = durationInDays(text) ?? parseDuration(text);
  return left === undefined ? endOf(text) : valid(now.getTime() + left);
}

/** Returns the last millisecond of a date, or of a time to the minute or second. */
function endOf(text: string): Date | undefined {
  if (date.test(text)) return valid(new Date(`${text}T00:00`).setHours(23, 59, 59, 999));
  const [found, seconds] = time.exec(text) ?? [];
  if (found === undefined) return undefined;
  return valid(Date.parse(text) + (seconds === undefined ? 59_999 : 999));
}

/**
 * Reads the value of `--since`: `3h`, `2d`, `yesterday`, `2026-11-28`, `2026-11-28T03:00`. Returns undefined for other
 * words.
 */
export function parseSince(text: string, now: Date): Date | undefined {
  const moment = parseMoment(text, now);
  if (moment === undefined || 'place' in moment) return undefined;
  const last = moment.notAfter;
  if (date.test(text) || text === 'yesterday') return new Date(new Date(last).setHours(0, 0, 0, 0));
  const [found, seconds] = time.exec(text) ?? [];
  return found === undefined ? last : new Date(last.getTime() - (seconds === undefined ? 59_999 : 999));
}

function durationInDays(text: string): number | undefined {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  return days === undefined ? undefined : Number(days) * day;
}

function valid(milliseconds: number): Date | undefined {
  const at = new Date(milliseconds);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
