/**
 * Parses schedules as a Kubernetes CronJob accepts them: `MINUTE HOUR DAY-OF-MONTH MONTH DAY-OF-WEEK`, or one of
 * `@hourly @daily @midnight @weekly @monthly @yearly @annually` and `@every DURATION`.
 */
import { Cron } from 'croner';

import { parseDuration } from './duration.ts';

interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Names of the values, starting at `first`. */
  readonly words?: readonly string[];
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const fields: readonly Field[] = [
  { name: 'minute', first: 0, last: 59 },
  { name: 'hour', first: 0, last: 23 },
  { name: 'day of month', first: 1, last: 31 },
  { name: 'month', first: 1, last: 12, words: months },
  { name: 'day of week', first: 0, last: 6, words: weekdays },
];

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const every = '@every ';
const second = 1000;
/** A schedule that lists every minute, hour, day and month by number is about half as long. */
const longestText = 1_000;

/** Says why `text` is not a schedule, or is never due. Undefined if it is valid. */
export function checkSchedule(text: string): string | undefined {
  const read = parse(text);
  if (typeof read === 'string') return read;
  return nextOf(read, new Date(0)) === undefined ? `"${text}" is never due` : undefined;
}

/**
 * Returns the first run after `from`. Reads the schedule in UTC, the usual time zone of control planes; `@every` counts
 * from `from`. Undefined if `text` is not a schedule, or is never due.
 */
export function nextRun(text: string, from: Date): Date | undefined {
  const read = parse(text);
  return typeof read === 'string' ? undefined : nextOf(read, from);
}

export type NextRun = (text: string, from: Date) => Date | undefined;

/** Returns a `nextRun` for many times, which computes each run of a schedule only once. */
export function rememberedRuns(): NextRun {
  const gaps = new Map<string, { readonly after: Date; readonly run: Date | undefined }[]>();
  return (text, from) => {
    if (text.startsWith(every)) return nextRun(text, from);
    let known = gaps.get(text);
    if (!known) gaps.set(text, (known = []));
    // No run lies between `after` and `run`.
    const gap = known.find(({ after, run }) => after <= from && (run === undefined || from < run));
    if (gap) return gap.run;
    const run = nextRun(text, from);
    known.push({ after: from, run });
    return run;
  };
}

type Schedule = { readonly everyMs: number } | { readonly pattern: string };

function nextOf(schedule: Schedule, from: Date): Date | undefined {
  const wholeSecond = Math.floor(from.getTime() / second) * second;
  if ('everyMs' in schedule) return new Date(wholeSecond + schedule.everyMs);
  const cron = new Cron(schedule.pattern, { mode: '5-part', utcOffset: 0 });
  return cron.nextRun(new Date(wholeSecond)) ?? undefined;
}

/** Returns a string with the reason if `text` is not a schedule. */
function parse(text: string): Schedule | string {
  if (text.length > longestText) return `it is longer than ${longestText} characters`;
  // Kubernetes refuses the letters TZ anywhere in a schedule.
  if (text.includes('TZ')) return `"${text}" names a time zone, which a CronJob takes in a field of its own`;
  if (text.startsWith('@')) return parseDescriptor(text);
  const parts = text.split(/\s/).filter((part) => part !== '');
  if (parts.length !== fields.length) {
    return `"${text}" has ${count(parts.length)}, and a schedule has five: minute, hour, day of month, month, day of week`;
  }
  const written: string[] = [];
  for (const [index, field] of fields.entries()) {
    const values = parseField(parts[index] ?? '', field);
    if (typeof values === 'string') return values;
    written.push(values === undefined ? '*' : values.join(','));
  }
  return { pattern: written.join(' ') };
}

function parseDescriptor(text: string): Schedule | string {
  if (text.startsWith(every)) {
    const duration = parseDuration(text.slice(every.length));
    if (duration === undefined) return `"${text.slice(every.length)}" is not a duration such as 90m or 1h30m`;
    return { everyMs: Math.max(second, Math.floor(duration / second) * second) };
  }
  const pattern = descriptors[text];
  if (pattern !== undefined) return { pattern };
  return `"${text}" is not one of ${Object.keys(descriptors).join(', ')} and @every DURATION`;
}

/**
 * Returns the values of a field; undefined if it is unrestricted; a string with the reason if it is invalid.
 * Unrestricted matters for the two day fields: if both are restricted, a day that matches either one is due.
 */
function parseField(text: string, field: Field): readonly number[] | undefined | string {
  const values = new Set<number>();
  let open = false;
  for (const item of text.split(',').filter((item) => item !== '')) {
    const range = parseItem(item, field);
    if (typeof range === 'string') return range;
    open ||= range.open;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  if (values.size === 0) return `the ${field.name} "${text}" names no value`;
  return open ? undefined : [...values];
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly open: boolean;
}

/** Reads `*`, `?`, `N`, `N-M`, each with `/STEP`; `N/STEP` runs to the end of the field's range. */
function parseItem(text: string, field: Field): Range | string {
  const { name, first, last } = field;
  const [, whole, low = '', high, stepText] = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(text) ?? [];
  if (whole === undefined && low === '') return `the ${name} "${text}" is not a number, a range or a step`;
  const step = Number(stepText ?? 1);
  if (step === 0) return `the ${name} "${text}" has a step of zero`;
  if (whole !== undefined) return { from: first, to: last, step, open: step === 1 };
  const from = valueOf(low, field);
  const to = high !== undefined ? valueOf(high, field) : stepText === undefined ? from : last;
  if (from === undefined || to === undefined) {
    return `the ${name} "${text}" is not within ${first} to ${last}${field.words ? ` or ${field.words[0]} to ${field.words.at(-1)}` : ''}`;
  }
  if (from > to) return `the ${name} "${text}" ends before it begins`;
  return { from, to, step, open: false };
}

function valueOf(text: string, { first, last, words = [] }: Field): number | undefined {
  const word = words.indexOf(text.toUpperCase());
  if (word >= 0) return first + word;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  return number >= first && number <= last ? number : undefined;
}

function count(parts: number): string {
  return parts === 1 ? 'one field' : `${parts === 0 ? 'no' : parts} fields`;
}
