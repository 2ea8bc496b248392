/** Whether the scheduled backups of a BackupConfiguration succeed. */
import { nextRun } from '#src/domain/schedule.ts';

export interface Due {
  /** When the schedule runs next. */
  readonly next: Date;
  /** Milliseconds since the first run after the last success; 0 where that is still to come. */
  readonly overdueMs: number;
  /** Milliseconds from that run to the one after it. */
  readonly periodMs: number;
}

/** `since`: the last success, or else the creation of the configuration. Undefined where the schedule is never due. */
export function dueOf(schedule: string, since: Date, now: Date): Due | undefined {
  const next = nextRun(schedule, now);
  const first = nextRun(schedule, since);
  const second = first && nextRun(schedule, first);
  if (next === undefined || first === undefined || second === undefined) return undefined;
  return {
    next,
    overdueMs: Math.max(0, now.getTime() - first.getTime()),
    periodMs: second.getTime() - first.getTime(),
  };
}
