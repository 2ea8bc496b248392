/** What `doctor` reads beside claims, workloads and snapshots, of a large cluster in which all is well, but that no operator runs. */
import type { KubernetesObject, PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import {
  csiDrivers,
  csiNodes,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { driver, type LargeCluster } from './large-cluster.ts';

type Objects = readonly Stored<KubernetesObject>[];

/** Each kind is built when it is first asked for. */
export function configuredCluster(large: LargeCluster): LargeCluster {
  const claims = () => large.objects(persistentVolumeClaims) as readonly Stored<PersistentVolumeClaim>[];
  const builders = new Map<string, () => Objects>([
    [
      namespaces.plural,
      () => [...new Set(claims().map(({ metadata }) => metadata.namespace ?? ''))].map(namespaceOf),
    ],
    [persistentVolumes.plural, () => claims().map(volumeOf)],
    [
      volumeSnapshotContents.plural,
      () => (large.objects(volumeSnapshots) as readonly Stored<VolumeSnapshot>[]).map(contentOf),
    ],
    [
      storageClasses.plural,
      () => [clusterScoped('storage.k8s.io/v1', 'StorageClass', 'ebs', { provisioner: driver })],
    ],
    [
      csiNodes.plural,
      () => [
        clusterScoped('storage.k8s.io/v1', 'CSINode', 'node-0', {
          spec: { drivers: [{ name: driver, nodeID: 'i-0' }] },
        }),
      ],
    ],
    [csiDrivers.plural, () => [clusterScoped('storage.k8s.io/v1', 'CSIDriver', driver, { spec: {} })]],
  ]);
  const built = new Map<string, Objects>();
  return {
    objects({ plural }) {
      const objects = built.get(plural) ?? builders.get(plural)?.() ?? large.objects({ plural });
      built.set(plural, objects);
      return objects;
    },
  };
}

function namespaceOf(name: string): Stored<KubernetesObject> {
  return clusterScoped('v1', 'Namespace', name, { status: { phase: 'Active' } });
}

function volumeOf({ metadata, spec }: Stored<PersistentVolumeClaim>): Stored<KubernetesObject> {
  const { name, namespace, uid } = metadata;
  return clusterScoped('v1', 'PersistentVolume', spec.volumeName ?? '', {
    spec: {
      capacity: { storage: '10Gi' },
      accessModes: spec.accessModes,
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name, namespace, uid },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'ebs',
      csi: { driver, volumeHandle: `vol-${uid}`, fsType: 'ext4' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['eu-west-1a'] },
              ],
            },
          ],
        },
      },
    },
    status: { phase: 'Bound' },
  });
}

function contentOf({ metadata, status }: Stored<VolumeSnapshot>): Stored<KubernetesObject> {
  const { name, namespace, uid } = metadata;
  return clusterScoped(
    'snapshot.storage.k8s.io/v1',
    'VolumeSnapshotContent',
    status?.boundVolumeSnapshotContentName ?? `snapcontent-${uid}`,
    {
      spec: {
        deletionPolicy: 'Retain',
        driver,
        source: { volumeHandle: `vol-${uid}` },
        volumeSnapshotClassName: 'ebs',
        volumeSnapshotRef: { kind: 'VolumeSnapshot', name, namespace, uid },
      },
      status: { snapshotHandle: `snap-${uid}`, readyToUse: true, restoreSize: 10_737_418_240 },
    },
  );
}

function clusterScoped(
  apiVersion: string,
  kind: string,
  name: string,
  rest: object,
): Stored<KubernetesObject> {
  return {
    ...{ apiVersion, kind },
    metadata: {
      ...{ name, uid: `${kind}-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
      managedFields: [],
    },
    ...rest,
  };
}
