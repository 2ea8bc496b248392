/** How far snapshots have come: whether the snapshot controller and the driver's sidecar have answered them. */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';

/** Both answer within seconds, and under load within a minute. */
const patienceMs = 60_000;

/** Neither a content nor an error after a minute: the snapshot controller has not answered. */
export function waitsForController(snapshot: Stored<VolumeSnapshot>, now: Date): boolean {
  return isWaiting(snapshot, now) && snapshot.status?.boundVolumeSnapshotContentName === undefined;
}

/** A content, but after a minute it is not cut and has no error: the driver has not answered. */
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

/** The one that was created last. */
export function newestOf<T extends Stored<KubernetesObject>>(objects: readonly T[]): T | undefined {
  return objects.reduce<T | undefined>(
    (newest, each) =>
      newest === undefined || newest.metadata.creationTimestamp < each.metadata.creationTimestamp
        ? each
        : newest,
    undefined,
  );
}
