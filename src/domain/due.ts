/** Judges whether the runs of a schedule succeed. */
import { nextRun, type NextRun } from './schedule.ts';

export interface Due {
  /** When the schedule runs next. */
  readonly next: Date;
  /** The first run after the last success. `second` is the run after that. Both may be in the future. */
  readonly first: Date;
  readonly second: Date;
}

/**
 * `since` is the last success, or else the creation of the configuration. Returns undefined if the schedule is never
 * due.
 */
export function dueOf(
  schedule: string,
  since: Date,
  now: Date,
  runAfter: NextRun = nextRun,
): Due | undefined {
  const next = runAfter(schedule, now);
  const first = runAfter(schedule, since);
  const second = first && runAfter(schedule, first);
  if (next === undefined || first === undefined || second === undefined) return undefined;
  return { next, first, second };
}

/** Whether two runs were due since the last success. A single one may still be in progress. */
export function isOverdue({ second }: Due, now: Date): boolean {
  return second <= now;
}
