import type { VolumeClaimTemplate } from '#src/api/stash.ts';

/** A claim of this name, filled from the snapshot. */
export function claimFrom(snapshot: string, name: string, storageClassName = 'sandbox'): VolumeClaimTemplate {
  return {
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      resources: { requests: { storage: '1Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot },
    },
  };
}
