/** Classes of a driver whose faults are parameters. */
import type { StorageClass, VolumeSnapshotClass } from '#src/api/kubernetes.ts';

export function snapshotClass(
  name: string,
  driver: string,
  parameters: Record<string, string>,
): VolumeSnapshotClass {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name },
    driver,
    deletionPolicy: 'Delete',
    parameters,
  };
}

export function storageClass(
  name: string,
  provisioner: string,
  parameters: Record<string, string> = {},
): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner,
    parameters,
  };
}
