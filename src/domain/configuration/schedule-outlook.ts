/** Computes when the schedule of each BackupConfiguration is due, and whether its restore points are too old. */
import type { Stored } from '#src/api/kubernetes.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { isGood, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { dueOf, isOverdue } from '#src/domain/due.ts';

export interface ScheduleOutlook {
  readonly configuration: Stored<BackupConfiguration>;
  /** Undefined if the schedule is paused or not valid. */
  readonly nextDue: Date | undefined;
  /** The newest complete restore point. */
  readonly lastGood: RestorePoint | undefined;
  /** The schedule was due twice since `lastGood`, or since the configuration was created. */
  readonly overdue: boolean;
}

/** Leaves out configurations of other drivers, and those for snapshots on demand. `points` are sorted newest first. */
export function scheduleOutlooks(
  configurations: readonly Stored<BackupConfiguration>[],
  points: readonly RestorePoint[],
  now: Date,
): ScheduleOutlook[] {
  const good = points.filter(isGood);
  return configurations
    .filter((each) => each.spec.driver === 'VolumeSnapshotter' && !isPlaceholder(each))
    .map((configuration) => {
      const { namespace, name, creationTimestamp } = configuration.metadata;
      const { schedule = '', paused = false } = configuration.spec;
      const lastGood = good.find((point) => point.namespace === namespace && point.invoker === name);
      const since = lastGood?.takenAt ?? new Date(creationTimestamp);
      const due = paused ? undefined : dueOf(schedule, since, now);
      return {
        ...{ configuration, nextDue: due?.next, lastGood },
        overdue: due !== undefined && isOverdue(due, now),
      };
    });
}
