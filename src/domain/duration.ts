/** Parses and formats durations: in Go's format, which the Stash API and flags use, and in formats for people. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** Milliseconds. */
export const day = 24 * hour;
const year = 365 * day;

const unitsInMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: second,
  m: minute,
  h: hour,
};

/** The longest duration that Go can represent: 292 years. */
const longest = 2 ** 63 / 1e6;
/** Go prints no longer text. Parsing a megabyte of `1ns` would take seconds. */
const longestText = 100;

const part = new RegExp(
  String.raw`(\d+(?:\.\d*)?|\.\d+)(${Object.keys(unitsInMilliseconds).join('|')})`,
  'y',
);

/**
 * Returns the milliseconds of a Go duration (`10m`, `1h30m`, `1.5s`, `0`). Undefined if it is malformed, negative or
 * too long.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > longestText) return undefined;
  if (text === '0') return 0;
  let total = 0;
  let end = 0;
  while (end < text.length) {
    part.lastIndex = end;
    const [found, amount, unit = ''] = part.exec(text) ?? [''];
    if (found === '') return undefined;
    total += Number(amount) * (unitsInMilliseconds[unit] ?? NaN);
    end += found.length;
  }
  return end === 0 || total >= longest ? undefined : total;
}

/** Formats for people, in at most two units: `0.4s`, `12s`, `3m5s`, `2h10m`. */
export function formatDuration(milliseconds: number): string {
  const tenths = Math.round(milliseconds / 100);
  if (tenths <= 0) return '0s';
  if (tenths < 10) return `0.${tenths}s`;
  const rounded = Math.round(milliseconds / second) * second;
  return rounded < hour ? pair(rounded, minute, 'm', second, 's') : pair(rounded, hour, 'h', minute, 'm');
}

/** Formats as Go does, to the millisecond: `400ms`, `12.345s`, `1m2.5s`, `1h0m5s`. */
export function formatGoDuration(milliseconds: number): string {
  const rounded = Math.max(0, Math.round(milliseconds));
  if (rounded > 0 && rounded < second) return `${rounded}ms`;
  const hours = Math.floor(rounded / hour);
  const minutes = Math.floor((rounded % hour) / minute);
  const seconds = `${(rounded % minute) / second}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/**
 * Formats an age as kubectl does: `5s`, `2m30s`, `10m`, `3h20m`, `12d`, `2y30d`. Down to minus two seconds, it is `0s`.
 */
export function formatAge(milliseconds: number): string {
  if (milliseconds <= -2 * second) return '<invalid>';
  const age = Math.max(0, milliseconds);
  if (age < 2 * minute) return `${Math.floor(age / second)}s`;
  if (age < 10 * minute) return pair(age, minute, 'm', second, 's');
  if (age < 3 * hour) return `${Math.floor(age / minute)}m`;
  if (age < 8 * hour) return pair(age, hour, 'h', minute, 'm');
  if (age < 2 * day) return `${Math.floor(age / hour)}h`;
  if (age < 8 * day) return pair(age, day, 'd', hour, 'h');
  if (age < 2 * year) return `${Math.floor(age / day)}d`;
  if (age < 8 * year) return pair(age, year, 'y', day, 'd');
  return `${Math.floor(age / year)}y`;
}

/** `3m5s`; omits a part that is zero. */
function pair(time: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(time / large);
  const rest = Math.floor((time % large) / small);
  const parts = [whole > 0 ? `${whole}${largeName}` : '', rest > 0 ? `${rest}${smallName}` : ''];
  return parts.join('');
}
