/** The fields of a VolumeSnapshot that restore points are read from. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { outline } from '#src/domain/outline.ts';

const annotations: readonly string[] = [
  annotation.sessionUid,
  annotation.sessionName,
  annotation.sessionClaims,
  annotation.target,
  annotation.cutBefore,
  annotation.sessionFailed,
  annotation.madeBy,
  annotation.pinned,
  annotation.keepUntil,
];
const labels: readonly string[] = [label.invokerName, label.backupSession];

/**
 * Returns a fraction of the snapshot, from which `restorePoints` reads the same restore point, except for the record of
 * the claim, other labels, and the driver's error.
 */
export function trimSnapshot(snapshot: Stored<VolumeSnapshot>): Stored<VolumeSnapshot> {
  const { metadata, spec, status } = snapshot;
  const { source, volumeSnapshotClassName } = spec;
  const { metadata: identity, ...type } = outline(snapshot);
  return {
    ...type,
    metadata: {
      ...identity,
      ...(metadata.labels && { labels: only(metadata.labels, labels) }),
      ...(metadata.annotations && { annotations: only(metadata.annotations, annotations) }),
    },
    spec: { source, ...(volumeSnapshotClassName !== undefined && { volumeSnapshotClassName }) },
    ...(status && { status: trimStatus(status) }),
  };
}

function trimStatus({
  readyToUse,
  creationTime,
  restoreSize,
  error,
}: NonNullable<VolumeSnapshot['status']>): NonNullable<VolumeSnapshot['status']> {
  return {
    ...(readyToUse !== undefined && { readyToUse }),
    ...(creationTime !== undefined && { creationTime }),
    ...(restoreSize !== undefined && { restoreSize }),
    ...(error && { error: {} }),
  };
}

function only(all: Record<string, string>, keys: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const key of keys) {
    const value = all[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
