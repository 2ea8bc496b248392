import type { VolumeSnapshot } from '#src/api/kubernetes.ts';

export const at = { name: 'data-1', namespace: 'demo' };

export const snapshot: VolumeSnapshot = {
  apiVersion: 'snapshot.storage.k8s.io/v1',
  kind: 'VolumeSnapshot',
  metadata: at,
  spec: { source: { persistentVolumeClaimName: 'data' } },
};
