/** Volumes and sessions of restores in place, for tests of pure code. */
import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { RestoreSession, RestoreSessionPhase } from '#src/api/stash.ts';
import { formatRecord } from '#src/domain/in-place/record.ts';
import { formatSwapped, type SwappedVolume } from '#src/domain/in-place/swapped-volume.ts';
import { foo } from '#test/domain/restore-point-objects.ts';
import { stored } from '#test/domain/objects.ts';

export const swapped: SwappedVolume = {
  ...{ session: 'swap', namespace: 'demo', claim: 'data', target: foo, role: 'kept', policy: 'Delete' },
  since: '2024-11-24T06:00:00.000Z',
};

/** Undefined: without that field. */
export type Changes = {
  readonly [K in keyof PersistentVolume['spec']]?: PersistentVolume['spec'][K] | undefined;
};

/** Released, and kept for claim `data`. */
export function volume(
  name: string,
  more: Partial<SwappedVolume> = {},
  spec: Changes = {},
): Stored<PersistentVolume> {
  const mark = { ...swapped, ...more };
  return {
    ...stored<PersistentVolume>({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name,
        labels: { [label.restoreSession]: mark.session },
        annotations: { [annotation.swap]: formatSwapped(mark) },
      },
      spec: {
        ...{ capacity: { storage: '1Gi' }, persistentVolumeReclaimPolicy: 'Retain' },
        claimRef: { namespace: mark.namespace, name: mark.claim, uid: `uid-of-${mark.claim}` },
        csi: { driver: 'csi', volumeHandle: `handle-of-${name}` },
        ...(spec as PersistentVolume['spec']),
      },
    }),
    status: { phase: 'Released' },
  };
}

export function restoreSession(
  name: string,
  phase: RestoreSessionPhase,
  volumesOf = name,
): Stored<RestoreSession> {
  const record = formatRecord({
    ...{ v: 1, method: 'swap', stop: 'gate', volumesOf },
    claims: [{ name: 'data', uid: 'uid', volume: 'pv' }],
  });
  return stored<RestoreSession>({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name, annotations: { [annotation.inPlace]: record } },
    spec: { driver: 'VolumeSnapshotter' },
    status: { phase },
  });
}
