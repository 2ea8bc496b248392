/** Objects as the API server returns them, for tests of pure code. */
import type {
  KubernetesObject,
  PersistentVolumeClaim,
  Pod,
  Stored,
  VolumeSnapshot,
  Workload,
} from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Target } from '#src/domain/workload/target.ts';

export const created = '2026-03-14T03:00:00Z';
export const target: Target = { kind: 'StatefulSet', name: 'db', namespace: 'demo' };

/** Adds the fields that the API server sets; the UID is derived from kind and name. */
export function stored<T extends KubernetesObject>(object: T): Stored<T> {
  const { name = 'unnamed' } = object.metadata;
  const uid = `uid-of-${object.kind.toLowerCase()}-${name}`;
  return {
    ...object,
    metadata: {
      namespace: 'demo',
      resourceVersion: '1',
      creationTimestamp: created,
      uid,
      ...object.metadata,
      name,
    },
  };
}

export function claim(
  name: string,
  changes: Partial<PersistentVolumeClaim> = {},
): Stored<PersistentVolumeClaim> {
  return stored<PersistentVolumeClaim>({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeName: `pv-${name}`,
    },
    status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    ...changes,
  });
}

export function configuration(
  name: string,
  spec: Partial<BackupConfiguration['spec']> = {},
  metadata: Partial<BackupConfiguration['metadata']> = {},
): Stored<BackupConfiguration> {
  return stored<BackupConfiguration>({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: { name, ...metadata },
    spec: {
      driver: 'VolumeSnapshotter',
      target: { ref: { apiVersion: 'apps/v1', kind: target.kind, name: target.name } },
      retentionPolicy: { name: 'keep-all', prune: false },
      ...spec,
    },
  });
}

/** The same with the API's default driver. */
export function withoutDriver(of: Stored<BackupConfiguration>): Stored<BackupConfiguration> {
  const spec = { ...of.spec };
  delete spec.driver;
  return { ...of, spec };
}

export function backupSession(status?: BackupSession['status']): Stored<BackupSession> {
  return stored<BackupSession>({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: 'sts-db-1773457200' },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'sts-db' } },
    ...(status && { status }),
  });
}

export function restoreSession(status?: RestoreSession['status']): Stored<RestoreSession> {
  return stored<RestoreSession>({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'restore-sts-db-1773457200' },
    spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: [] } },
    ...(status && { status }),
  });
}

export function snapshot(name: string, status?: VolumeSnapshot['status']): Stored<VolumeSnapshot> {
  return stored<VolumeSnapshot>({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: { source: { persistentVolumeClaimName: name } },
    ...(status && { status }),
  });
}

export function pod(
  name: string,
  claims: readonly string[],
  phase: 'Running' | 'Succeeded' = 'Running',
): Stored<Pod> {
  return stored<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [],
      volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
    },
    status: { phase },
  });
}

export function statefulSet(replicas: number): Stored<Workload> {
  return stored<Workload>({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: target.name },
    spec: {
      replicas,
      template: { spec: { containers: [] } },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    },
  });
}
