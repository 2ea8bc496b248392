/** Tells whether the snapshot controller and the driver's sidecar have processed a snapshot. */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';

/** Both respond within seconds, and under load within a minute. */
const patienceMs = 60_000;

/** Whether the snapshot has neither a content nor an error after a minute: the snapshot controller does not respond. */
export function waitsForController(snapshot: Stored<VolumeSnapshot>, now: Date): boolean {
  return isWaiting(snapshot, now) && snapshot.status?.boundVolumeSnapshotContentName === undefined;
}

/**
 * Whether the snapshot has a content, but after a minute neither creationTime nor an error: the driver does not
 * respond.
 */
export function waitsForDriver(snapshot: Stored<VolumeSnapshot>, now: Date): boolean {
  return isWaiting(snapshot, now) && snapshot.status?.boundVolumeSnapshotContentName !== undefined;
}

function isWaiting(snapshot: Stored<VolumeSnapshot>, now: Date): boolean {
  const { metadata, status = {} } = snapshot;
  return (
    metadata.deletionTimestamp === undefined &&
    status.readyToUse !== true &&
    status.creationTime === undefined &&
    status.error === undefined &&
    ageMs(snapshot, now) > patienceMs
  );
}

export function ageMs({ metadata }: Stored<KubernetesObject>, now: Date): number {
  return now.getTime() - Date.parse(metadata.creationTimestamp);
}

/** Returns the object that was created last. */
export function newestOf<T extends Stored<KubernetesObject>>(objects: readonly T[]): T | undefined {
  return objects.reduce<T | undefined>(
    (newest, each) =>
      newest === undefined || newest.metadata.creationTimestamp < each.metadata.creationTimestamp
        ? each
        : newest,
    undefined,
  );
}
