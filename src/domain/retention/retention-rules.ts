/** The keep rules of a retention policy, and whether a policy is valid. */
import type { RetentionPolicy } from '#src/api/stash.ts';
import { day } from '#src/domain/duration.ts';

export type KeepField = 'keepLast' | 'keepHourly' | 'keepDaily' | 'keepWeekly' | 'keepMonthly' | 'keepYearly';

export interface KeepRule {
  readonly field: KeepField;
  readonly word: string;
  /**
   * Returns the key of the time's bucket in UTC. The newest snapshot of a bucket stays. If left out, each time is its
   * own bucket.
   */
  readonly bucket?: (at: Date) => string;
}

export const keepRules: readonly KeepRule[] = [
  { field: 'keepLast', word: 'last' },
  { field: 'keepHourly', word: 'hourly', bucket: (at) => at.toISOString().slice(0, 13) },
  { field: 'keepDaily', word: 'daily', bucket: dateOf },
  { field: 'keepWeekly', word: 'weekly', bucket: (at) => dateOf(mondayOf(at)) },
  { field: 'keepMonthly', word: 'monthly', bucket: (at) => at.toISOString().slice(0, 7) },
  { field: 'keepYearly', word: 'yearly', bucket: (at) => at.toISOString().slice(0, 4) },
];

/** Whether the policy has any rule. Without rules, it keeps everything. */
export function hasRules(policy: RetentionPolicy): boolean {
  return keepRules.some(({ field }) => (policy[field] ?? 0) > 0);
}

/** Whether the policy deletes snapshots. */
export function prunes(policy: RetentionPolicy): boolean {
  return policy.prune && policy.dryRun !== true;
}

/** Says in one line why the policy is invalid. Undefined if it is valid. */
export function retentionProblem(policy: RetentionPolicy): string | undefined {
  const bad = keepRules.find(({ field }) => {
    const count = policy[field] ?? 0;
    return !Number.isSafeInteger(count) || count < 0;
  });
  if (bad === undefined) return undefined;
  return `retentionPolicy.${bad.field} is ${String(policy[bad.field])}; it must be a whole number, 0 or more`;
}

function dateOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** Identifies an ISO week by the date of its Monday. */
function mondayOf(at: Date): Date {
  return new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * day);
}
