/** Finds the volumes that restores in place have kept or left over, and the restore points that were cut from them. */
import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { TargetArguments } from '#src/domain/arguments/target-arguments.ts';
import type { PointClaim, RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { isFinal } from '#src/domain/session/session-status.ts';

import { isInPlace, readRecord } from './record.ts';
import { readSwapped, type SwappedVolume } from './swapped-volume.ts';
import type { KeptVolume } from './undo.ts';

/** A volume with role `incoming` is left over from a restore that no session carries out any more. */
export interface ListedVolume extends KeptVolume {
  /** The restore points with a snapshot that was cut from this volume, newest first. */
  readonly points: readonly RestorePoint[];
}

export interface KeptScene {
  readonly volumes: readonly Stored<PersistentVolume>[];
  /** All sessions of the namespaces whose volumes are listed. */
  readonly sessions: readonly Stored<RestoreSession>[];
  /** Newest first. */
  readonly points: readonly RestorePoint[];
}

/** Sorts by session, first the one that kept a volume last, and then by claim. */
export function keptVolumes({ volumes, sessions, points }: KeptScene): ListedVolume[] {
  const kept = volumes.flatMap((volume): ListedVolume[] => {
    const swapped = swappedOf(volume);
    if (swapped === undefined) return [];
    if (swapped.role === 'incoming' && unfinishedSwaps(sessions, swapped).length > 0) return [];
    return [{ volume, swapped, points: points.filter((point) => isCutFrom(point, volume, swapped)) }];
  });
  const bySession = Map.groupBy(kept, ({ swapped }) => `${swapped.namespace}/${swapped.session}`);
  const lastSince = (group: readonly ListedVolume[]) =>
    Math.max(...group.map(({ swapped }) => Date.parse(swapped.since)));
  return [...bySession.values()]
    .sort((a, b) => lastSince(b) - lastSince(a))
    .flatMap((group) => group.sort((a, b) => a.swapped.claim.localeCompare(b.swapped.claim)));
}

/** Returns the unfinished restores in place that may still use kept volumes of this session, or add some. */
export function unfinishedSwaps(
  sessions: readonly Stored<RestoreSession>[],
  { session, namespace }: Pick<SwappedVolume, 'session' | 'namespace'>,
): Stored<RestoreSession>[] {
  return sessions.filter(
    (each) =>
      isInPlace(each) &&
      !isFinal(each) &&
      each.metadata.namespace === namespace &&
      [each.metadata.name, readRecord(each)?.volumesOf].includes(session),
  );
}

/** Whether the volume belongs to one of these workloads, or to a claim that the user named instead of its workload. */
export function isOfTargets({ swapped }: KeptVolume, { kinds, names }: TargetArguments): boolean {
  const { target, claim } = swapped;
  if (names.length === 0) return kinds.includes(target.kind);
  return names.some(
    ({ kind, name }) =>
      (kind === target.kind && name === target.name) || (kind === 'PersistentVolumeClaim' && name === claim),
  );
}

/** A volume belongs to the namespace of its claimRef, whatever its annotation says. */
function swappedOf(volume: PersistentVolume): SwappedVolume | undefined {
  const swapped = readSwapped(volume);
  const { namespace } = volume.spec.claimRef ?? {};
  return namespace === undefined || namespace === swapped?.namespace ? swapped : undefined;
}

function isCutFrom(point: RestorePoint, volume: PersistentVolume, swapped: SwappedVolume): boolean {
  return point.claims.some((claim) => {
    const { volume: name, volumeHandle: handle } = claim.source ?? {};
    if (name === undefined && handle === undefined) return mayBeCutFrom(point, claim, swapped);
    return (
      name === volume.metadata.name || (handle !== undefined && handle === volume.spec.csi?.volumeHandle)
    );
  });
}

/** A snapshot that records no volume may be of any volume that its claim has had. */
function mayBeCutFrom({ namespace }: RestorePoint, cut: PointClaim, swapped: SwappedVolume): boolean {
  const created = Date.parse(cut.snapshot?.metadata.creationTimestamp ?? '');
  return (
    namespace === swapped.namespace && cut.claim === swapped.claim && created <= Date.parse(swapped.since)
  );
}
