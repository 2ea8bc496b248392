/** The objects that every sandbox starts with. */
import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  csiDrivers,
  csiNodes,
  customResourceDefinitions,
  namespaces,
  storageClasses,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { bootstrapRoles } from './api-server/rbac/bootstrap-roles.ts';
import { sandboxNode as nodeName } from './node/announce-node.ts';
import { snapshotDefinitions } from './snapshot-definitions.ts';

/**
 * Applies the snapshot CRDs. Also creates namespaces and a few classes in a new cluster. `driver`: name of
 * the CSI driver.
 */
export async function seed(cluster: Cluster, driver: string, { isNew = true } = {}): Promise<void> {
  await applyDefinitions(cluster, snapshotDefinitions);
  for (const [resource, role] of bootstrapRoles) {
    await cluster.patch(resource, { name: role.metadata.name ?? '' }, role, { type: 'apply' });
  }
  await registerDriver(cluster, driver);
  if (!isNew) return;
  for (const name of ['default', 'kube-system']) {
    await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await seedClasses(cluster, driver);
}

/** The driver is installed, and runs on the sandbox's node. */
async function registerDriver(cluster: Cluster, driver: string): Promise<void> {
  const apiVersion = 'storage.k8s.io/v1';
  const installed = {
    ...{ apiVersion, kind: 'CSIDriver', metadata: { name: driver } },
    spec: { attachRequired: false, podInfoOnMount: false },
  };
  await cluster.patch(csiDrivers, { name: driver }, installed, { type: 'apply' });
  const registered = {
    ...{ apiVersion, kind: 'CSINode', metadata: { name: nodeName } },
    spec: { drivers: [{ name: driver, nodeID: nodeName }] },
  };
  await cluster.patch(csiNodes, { name: nodeName }, registered, { type: 'apply' });
}

/** Creates the default classes, and a storage class with WaitForFirstConsumer. */
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

/** Creates the definitions, or updates those of an earlier version. */
export async function applyDefinitions(
  cluster: Cluster,
  definitions: readonly CustomResourceDefinition[],
): Promise<void> {
  for (const definition of definitions) {
    const { name = '' } = definition.metadata;
    await cluster.patch(customResourceDefinitions, { name }, definition, { type: 'apply' });
  }
}
