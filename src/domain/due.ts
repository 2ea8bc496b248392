/** Whether the runs of a schedule succeed. */
import { nextRun, type NextRun } from './schedule.ts';

export interface Due {
  /** When the schedule runs next. */
  readonly next: Date;
  /** The first run after the last success, and the one after it; both may be still to come. */
  readonly first: Date;
  readonly second: Date;
}

/** `since`: the last success, or else the creation of the configuration. Undefined if the schedule is never due. */
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

/** One run may still be under way: it is late if two have come since the last success. */
export function isOverdue({ second }: Due, now: Date): boolean {
  return second <= now;
}
