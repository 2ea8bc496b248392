/** When the newest complete restore point of each BackupConfiguration was taken. */
import { labelValue } from '#src/domain/workload/names.ts';

import { isGood, type RestorePoint } from './restore-points.ts';

/** By `configurationId`, in seconds since the epoch. Restore points of other tools are not known to be complete. */
export function lastSuccesses(points: Iterable<RestorePoint>): Map<string, number> {
  const last = new Map<string, number>();
  for (const point of points) {
    const { namespace, invoker, takenAt } = point;
    if (invoker === undefined || !isGood(point)) continue;
    const id = configurationId({ namespace, name: invoker });
    last.set(id, Math.max(last.get(id) ?? 0, takenAt.getTime() / 1000));
  }
  return last;
}

/** The snapshots of a configuration carry its name as the value of a label, which may be shortened. */
export function configurationId({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${labelValue(name)}`;
}
