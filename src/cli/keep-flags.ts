/** Flags for a retention policy: `--keep-last 5 --keep-daily 7`. */
import type { RetentionPolicy } from '#src/api/stash.ts';
import { keepRules, type KeepField } from '#src/domain/retention/retention-rules.ts';

import { longName } from './tokens.ts';

function keepFlag(description: string) {
  return { type: 'number', minimum: 1, valueName: 'N', description } as const;
}

/** Adds `--keep-last` to `--keep-yearly`. */
export const keepFlags = {
  keepLast: keepFlag('Keep the newest N restore points, and those that another --keep flag keeps.'),
  keepHourly: keepFlag('Keep the newest restore point of each of N hours.'),
  keepDaily: keepFlag('Keep the newest restore point of each of N days (UTC).'),
  keepWeekly: keepFlag('Keep the newest restore point of each of N weeks (from Monday).'),
  keepMonthly: keepFlag('Keep the newest restore point of each of N months.'),
  keepYearly: keepFlag('Keep the newest restore point of each of N years.'),
} as const satisfies Record<KeepField, unknown>;

/** A policy that prunes, named after its flags: `keep-last-5-keep-daily-7`. Undefined if no flag was given. */
export function retentionPolicyOf(
  flags: Readonly<Partial<Record<KeepField, number | undefined>>>,
): RetentionPolicy | undefined {
  const given = keepRules.flatMap(({ field }) => {
    const count = flags[field];
    return count === undefined ? [] : [{ field, count }];
  });
  if (given.length === 0) return undefined;
  return {
    name: given.map(({ field, count }) => `${longName(field)}-${count}`).join('-'),
    prune: true,
    ...Object.fromEntries(given.map(({ field, count }) => [field, count])),
  };
}
