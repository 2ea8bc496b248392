/** What every sandbox has from the start. */
import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  customResourceDefinitions,
  namespaces,
  storageClasses,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { bootstrapRoles } from './api-server/rbac/bootstrap-roles.ts';
import { snapshotDefinitions } from './snapshot-definitions.ts';

/** Applies the snapshot kinds; a new cluster gets namespaces and a few classes too. `driver`: who makes the volumes. */
export async function seed(cluster: Cluster, driver: string, { isNew = true } = {}): Promise<void> {
  await applyDefinitions(cluster, snapshotDefinitions);
  for (const [resource, role] of bootstrapRoles) {
    await cluster.patch(resource, { name: role.metadata.name ?? '' }, role, { type: 'apply' });
  }
  if (!isNew) return;
  for (const name of ['default', 'kube-system']) {
    await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await seedClasses(cluster, driver);
}

/** The default classes, and one that waits for its first consumer. */
export async function seedClasses(cluster: Cluster, driver: string): Promise<void> {
  await cluster.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'sandbox', annotations: { [annotation.defaultStorageClass]: 'true' } },
    provisioner: driver,
  });
  await cluster.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'sandbox-wait' },
    provisioner: driver,
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  await cluster.create(volumeSnapshotClasses, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name: 'sandbox', annotations: { [annotation.defaultSnapshotClass]: 'true' } },
    driver,
    deletionPolicy: 'Delete',
  });
}

/** Creates them, or brings what an earlier version of us created up to date. */
export async function applyDefinitions(
  cluster: Cluster,
  definitions: readonly CustomResourceDefinition[],
): Promise<void> {
  for (const definition of definitions) {
    const { name = '' } = definition.metadata;
    await cluster.patch(customResourceDefinitions, { name }, definition, { type: 'apply' });
  }
}
