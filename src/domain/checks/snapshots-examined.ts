/** Selects the snapshots of a namespace that `doctor` examines. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { isOf } from '#src/domain/restore-points/choose-point.ts';
import { snapshotsOfPoint } from '#src/domain/restore-points/restore-points.ts';

import type { Facts } from './check.ts';

/** Returns all snapshots if the command line names no target, else those of the target's restore points. */
export function snapshotsExamined(
  { target, points }: Facts,
  all: readonly Stored<VolumeSnapshot>[],
): readonly Stored<VolumeSnapshot>[] {
  if (target === undefined || !('value' in points)) return all;
  return points.value.filter((point) => isOf(point, target)).flatMap(snapshotsOfPoint);
}
