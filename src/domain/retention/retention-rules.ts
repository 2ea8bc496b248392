/** What a retention policy says: how many of which kind it keeps, and whether it can be followed. */
import type { RetentionPolicy } from '#src/api/stash.ts';

export type KeepField = 'keepLast' | 'keepHourly' | 'keepDaily' | 'keepWeekly' | 'keepMonthly' | 'keepYearly';

export interface KeepRule {
  readonly field: KeepField;
  readonly word: string;
  /** Of times of one bucket (UTC) the newest is kept; left out: each is a bucket of its own. */
  readonly bucket?: (at: Date) => string;
}

const day = 86_400_000;

export const keepRules: readonly KeepRule[] = [
  { field: 'keepLast', word: 'last' },
  { field: 'keepHourly', word: 'hourly', bucket: (at) => at.toISOString().slice(0, 13) },
  { field: 'keepDaily', word: 'daily', bucket: dateOf },
  { field: 'keepWeekly', word: 'weekly', bucket: (at) => dateOf(mondayOf(at)) },
  { field: 'keepMonthly', word: 'monthly', bucket: (at) => at.toISOString().slice(0, 7) },
  { field: 'keepYearly', word: 'yearly', bucket: (at) => at.toISOString().slice(0, 4) },
];

/** False: it keeps everything. */
export function hasRules(policy: RetentionPolicy): boolean {
  return keepRules.some(({ field }) => (policy[field] ?? 0) > 0);
}

/** Whether both keep and delete the same, whatever they are called. */
export function isSamePolicy(a: RetentionPolicy, b: RetentionPolicy): boolean {
  return prunes(a) === prunes(b) && keepRules.every(({ field }) => (a[field] ?? 0) === (b[field] ?? 0));
}

/** Whether anything may be deleted by it. */
export function prunes(policy: RetentionPolicy): boolean {
  return policy.prune && policy.dryRun !== true;
}

/** Why nobody may follow it, in one line; undefined: it is sound. */
export function retentionProblem(policy: RetentionPolicy): string | undefined {
  const bad = keepRules.find(({ field }) => {
    const count = policy[field] ?? 0;
    return !Number.isSafeInteger(count) || count < 0;
  });
  if (bad === undefined) return undefined;
  return `retentionPolicy.${bad.field} is ${String(policy[bad.field])}; it has to be a whole number, 0 or more`;
}

function dateOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** ISO weeks begin on Monday: a week goes by the date of its Monday. */
function mondayOf(at: Date): Date {
  return new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * day);
}
