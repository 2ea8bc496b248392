/** CronJob schedules: five fields with names for months and days, and macros such as `@hourly`. */
import { Cron } from 'croner';

export interface Schedule {
  /** Returns the first due time after this one; undefined if there is none. */
  next(after: Date): Date | undefined;
  /** Returns the last due time up to and including this one; undefined if there is none. */
  latest(by: Date): Date | undefined;
}

interface Field {
  readonly min: number;
  readonly max: number;
  /** Names for the numbers from `min` on. */
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  {
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
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

/** Throws an Error in the real server's words if the schedule is invalid. */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  if (text.startsWith('@every')) throw new Error('the sandbox does not support @every');
  const found = text.startsWith('@') ? descriptors[text] : text.trim();
  if (found === undefined) throw new Error(`unrecognized descriptor: ${text}`);
  const parts = found === '' ? [] : found.split(/\s+/);
  if (parts.length !== fields.length) {
    throw new Error(`expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`);
  }
  const pattern = fields.map((field, index) => normalized(parts[index] ?? '', field)).join(' ');
  // If both day of month and day of week are given, either one matches, as in cron.
  const cron = new Cron(pattern, { mode: '5-part', timezone: timeZone, domAndDow: false, paused: true });
  return {
    next: (after) => cron.nextRun(after) ?? undefined,
    // previousRuns excludes the reference time; a time that is due now has to be included.
    latest: (by) => cron.previousRuns(1, new Date((Math.floor(by.getTime() / 1000) + 1) * 1000))[0],
  };
}

/** Replaces names by numbers and checks the bounds. */
function normalized(part: string, field: Field): string {
  return part
    .split(',')
    .map((item) => {
      const [range = '', step, ...more] = item.split('/');
      if (more.length > 0) throw new Error(`too many slashes: ${item}`);
      if (step !== undefined && number(step, {}) === 0)
        throw new Error(`step of range should be a positive number: ${item}`);
      const suffix = step === undefined ? '' : `/${step}`;
      if (range === '*' || range === '?') return `*${suffix}`;
      const [first = '', last, ...rest] = range.split('-');
      if (rest.length > 0) throw new Error(`too many hyphens: ${item}`);
      const low = number(first, field);
      const high = last === undefined ? (step === undefined ? low : field.max) : number(last, field);
      if (low < field.min)
        throw new Error(`beginning of range (${low}) below minimum (${field.min}): ${item}`);
      if (high > field.max) throw new Error(`end of range (${high}) above maximum (${field.max}): ${item}`);
      if (low > high) throw new Error(`beginning of range (${low}) beyond end of range (${high}): ${item}`);
      return low === high ? String(low) : `${low}-${high}${suffix}`;
    })
    .join(',');
}

function number(text: string, { names = [], min = 0 }: Partial<Field>): number {
  const index = names.indexOf(text.toLowerCase());
  if (index >= 0) return min + index;
  if (!/^\d+$/.test(text)) {
    throw new Error(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}
