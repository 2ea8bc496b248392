/** Computes the progress of a claim that is being restored. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';

import type { ClaimProgress } from '#src/domain/session/progress.ts';

export interface ClaimContext {
  /** The storage class binds the claim only when a pod uses it. */
  readonly waitsForConsumer: boolean;
  /** A pod that uses the claim. */
  readonly pod?: string | undefined;
  /** The message of the claim's last Warning event. */
  readonly warning?: string | undefined;
}

/** The phase is `Unknown` if the claim waits for its first consumer and no pod uses it: the user has to start a pod. */
export function claimProgress(
  template: VolumeClaimTemplate,
  claim: Stored<PersistentVolumeClaim> | undefined,
  { waitsForConsumer, pod, warning }: ClaimContext,
): ClaimProgress {
  const row = {
    claim: template.metadata.name ?? '',
    snapshot: (template.spec.dataSource ?? template.spec.dataSourceRef)?.name,
    size: template.spec.resources?.requests?.storage,
  };
  if (claim === undefined) return { ...row, phase: 'Pending', message: 'not created yet' };
  const seen = { ...row, startedAt: new Date(claim.metadata.creationTimestamp) };
  if (claim.metadata.deletionTimestamp !== undefined) {
    return { ...seen, phase: 'Failed', message: 'the claim is being deleted' };
  }
  switch (claim.status?.phase) {
    case 'Bound':
      return { ...seen, phase: 'Succeeded', size: claim.status.capacity?.storage ?? row.size };
    case 'Lost':
      return { ...seen, phase: 'Failed', message: 'the claim has lost its volume' };
    case 'Pending':
    case undefined:
      break;
  }
  if (waitsForConsumer && pod === undefined) {
    return { ...seen, phase: 'Unknown', message: 'waits for its first consumer: no pod uses it' };
  }
  const waiting = pod === undefined ? 'waiting for its volume' : `waiting for its volume; pod ${pod} uses it`;
  return { ...seen, phase: 'Running', message: warning ?? waiting };
}
