import type { PersistentVolumeClaimSpec } from '#src/api/kubernetes.ts';

/** Returns the dataSource of a claim: the VolumeSnapshot of its namespace with this name. */
export function snapshotSource(name: string): NonNullable<PersistentVolumeClaimSpec['dataSource']> {
  return { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name };
}
