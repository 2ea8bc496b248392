import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';

/**
 * Returns when the snapshot was taken, by the API server's clock, like the times of sessions. By the driver's clock
 * only if the object was created for a snapshot that existed already.
 */
export function snapshotTakenAt({ metadata, spec, status }: Stored<VolumeSnapshot>): Date {
  const isImported = spec.source.persistentVolumeClaimName === undefined;
  return new Date((isImported ? status?.creationTime : undefined) ?? metadata.creationTimestamp);
}
