/** Finds why the command line cannot delete the claims of a workload and create them again from snapshots. */
import { failure, type Failure } from '#src/domain/finding.ts';
import { provisionerAnnotations } from '#src/domain/restore-points/claim-annotations.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import type { ClaimInPlace } from './check-in-place.ts';
import type { Stopping } from './choose-stop.ts';
import { outlivesVolume } from './lasting-snapshots.ts';

export interface RecreateScene {
  readonly target: Target;
  readonly stop: Stopping;
  readonly claims: readonly ClaimInPlace[];
  /** The claims that a snapshot of the workload includes. */
  readonly snapshotted: readonly string[];
  /** The command that restores beside the claims. */
  readonly beside: string;
}

/** All failures are 'precondition'. */
export function checkRecreate({ target, stop, claims, snapshotted, beside }: RecreateScene): Failure[] {
  const refusal = (why: string, hint: readonly string[]) =>
    failure('precondition', sanitize(`cannot restore in place with --method=recreate: ${why}`), {
      hint: hint.join('\n'),
    });
  const others = ['beside them:', beside];
  // Between the deletion and the creation of a claim, the workload's controller may create it, empty.
  const raced =
    target.kind === 'StatefulSet' && stop.method === 'gate'
      ? [
          refusal(
            `${formatTarget(target)} would create the claims empty, since it is not scaled to 0${stop.why === undefined ? '' : `: ${stop.why}`}`,
            others,
          ),
        ]
      : [];
  const leftOut = claims.filter(({ claim }) => !snapshotted.includes(claim.metadata.name));
  const unprotected = leftOut.map(({ claim }) =>
    refusal(`a snapshot of ${formatTarget(target)} does not include claim ${claim.metadata.name}`, others),
  );
  return [...raced, ...unprotected, ...claims.flatMap((each) => dying(each) ?? [])];

  function dying(each: ClaimInPlace): Failure | undefined {
    if (isRetained(each)) return undefined;
    const { name } = each.claim.metadata;
    const driver = driverOf(each);
    if (driver === undefined) {
      const why = `the driver of claim ${name} is not known, and may delete the snapshots of a volume with it`;
      return refusal(why, others);
    }
    if (outlivesVolume(driver)) return undefined;
    return refusal(
      `driver ${driver} of claim ${name} is not known to keep the snapshots of a volume that is deleted`,
      others,
    );
  }
}

/** Whether the volume, and with it each of its snapshots, outlives the claim. */
export function isRetained({ volume }: ClaimInPlace): boolean {
  return volume?.spec.persistentVolumeReclaimPolicy === 'Retain';
}

/**
 * Finds the driver by the volume if the user may read it, else by the annotation that the volume controller writes on
 * the claim.
 */
function driverOf({ claim, volume }: ClaimInPlace): string | undefined {
  if (volume?.spec.csi) return volume.spec.csi.driver;
  const [annotated] = provisionerAnnotations.flatMap((name) => claim.metadata.annotations?.[name] ?? []);
  return annotated;
}
