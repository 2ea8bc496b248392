/** Computes a claim's progress from its VolumeSnapshot. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';

import { driverWords } from '#src/domain/driver-words.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';

/** The phase is `Pending` until the snapshot exists. An error in its status is not final, because drivers retry. */
export function snapshotProgress(claim: string, snapshot: Stored<VolumeSnapshot> | undefined): ClaimProgress {
  if (snapshot === undefined) return { claim, phase: 'Pending', message: 'not created yet' };
  const { name, creationTimestamp, deletionTimestamp } = snapshot.metadata;
  const row = {
    claim,
    snapshot: name,
    size: snapshot.status?.restoreSize,
    startedAt: new Date(creationTimestamp),
  };
  if (deletionTimestamp !== undefined) {
    return { ...row, phase: 'Failed', message: `volumesnapshot ${name} is being deleted` };
  }
  if (snapshot.status?.readyToUse === true) return { ...row, phase: 'Succeeded' };
  return { ...row, phase: 'Running', message: waitsFor(snapshot) };
}

function waitsFor({ status }: VolumeSnapshot): string {
  if (status?.error) return `driver reports: ${driverWords(status.error.message)}`;
  if (status?.creationTime !== undefined) return 'cut; waiting until it is ready to use';
  if (status?.boundVolumeSnapshotContentName !== undefined) return 'waiting for the driver to cut it';
  return 'waiting for the snapshot controller';
}
