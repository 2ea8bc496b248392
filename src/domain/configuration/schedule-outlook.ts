/** How the schedules of BackupConfigurations stand: when each is due, and whether its restore points are too old. */
import type { Stored } from '#src/api/kubernetes.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { nextRun } from '#src/domain/schedule.ts';

export interface ScheduleOutlook {
  readonly configuration: Stored<BackupConfiguration>;
  /** Undefined if it is paused, or its schedule is not valid. */
  readonly nextDue: Date | undefined;
  /** Its newest complete restore point. */
  readonly lastGood: RestorePoint | undefined;
  /** It was due twice since `lastGood`, or since it was created. */
  readonly overdue: boolean;
}

/** Without configurations of other drivers, and placeholders for snapshots on demand. `points`: newest first. */
export function scheduleOutlooks(
  configurations: readonly Stored<BackupConfiguration>[],
  points: readonly RestorePoint[],
  now: Date,
): ScheduleOutlook[] {
  const good = points.filter((point) => point.completeness === 'complete' && point.phase === 'Succeeded');
  return configurations
    .filter((each) => each.spec.driver === 'VolumeSnapshotter' && !isPlaceholder(each))
    .map((configuration) => {
      const { namespace, name, creationTimestamp } = configuration.metadata;
      const { schedule = '', paused = false } = configuration.spec;
      const lastGood = good.find((point) => point.namespace === namespace && point.invoker === name);
      const due = paused ? undefined : nextRun(schedule, lastGood?.takenAt ?? new Date(creationTimestamp));
      const again = due && nextRun(schedule, due);
      return {
        configuration,
        nextDue: paused ? undefined : nextRun(schedule, now),
        lastGood,
        overdue: again !== undefined && again <= now,
      };
    });
}
