/** The objects of a large cluster, as an API server returns them: claims, workloads with daily schedules, snapshots. */
import type { KubernetesObject, PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  statefulSets,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { buildBackupSession, buildConfiguration, buildSnapshot } from '#src/domain/backup/build-backup.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface LargeCluster {
  /** In the order of the API server: by namespace and name. */
  readonly objects: (resource: Pick<Resource, 'plural'>) => readonly Stored<KubernetesObject>[];
}

export interface Size {
  readonly claims: number;
  /** Daily restore points of each workload, the newest one an hour ago. */
  readonly points: number;
  /** By default as many as have a hundred claims each. */
  readonly namespaces?: number;
}

const claimsPerNamespace = 100;
const replicas = 5;
const dayMs = 24 * 60 * 60 * 1000;
export const driver = 'ebs.csi.aws.com';

/** In each namespace, half of the claims belong to Deployments of one claim, half to StatefulSets of five. */
export function largeCluster(
  { claims, points, namespaces = claims / claimsPerNamespace }: Size,
  now = new Date(),
): LargeCluster {
  const built = new Map<string, Stored<KubernetesObject>[]>();
  const keep = ({ plural }: Resource, stored: Stored<KubernetesObject>) => {
    const all = built.get(plural) ?? [];
    built.set(plural, all);
    all.push(stored);
  };
  const add = <T extends KubernetesObject>(resource: Resource<T>, object: T, created = now): Stored<T> => {
    const stored = asStored(object, created);
    keep(resource, stored);
    return stored;
  };
  add(volumeSnapshotClasses, {
    ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotClass', metadata: { name: 'ebs' } },
    ...{ driver, deletionPolicy: 'Retain' as const },
  });
  const last = now.getTime() - dayMs / 24;
  for (let index = 0; index < namespaces; index++) {
    const namespace = `team-${String(index).padStart(4, '0')}`;
    for (const { target, names } of workloadsOf(namespace, Math.round(claims / namespaces))) {
      add(target.kind === 'StatefulSet' ? statefulSets : deployments, workload(target, names[0] ?? ''));
      const held = names.map((name) => add(persistentVolumeClaims, claim(namespace, name)));
      const plain = buildConfiguration(target);
      const spec = { ...plain.spec, schedule: '0 3 * * *', paused: false };
      const created = new Date(last - points * dayMs);
      const configuration = add(backupConfigurations, { ...plain, spec }, created);
      for (let point = points - 1; point >= 0; point--) {
        const at = new Date(last - point * dayMs);
        const maker = { by: 'schedule' } as const;
        const session = asStored(
          {
            ...buildBackupSession({
              configuration,
              ...{ target, claims: names, at, maker },
            }),
            status: { phase: 'Succeeded' as const },
          },
          at,
        );
        // A configuration keeps one session by default.
        if (point === 0) keep(backupSessions, session);
        for (const each of held) {
          const cut = buildSnapshot({
            ...{ session, target, sessionClaims: names, nameTaken: false },
            planned: { claim: each, snapshotClass: 'ebs' },
          });
          add<VolumeSnapshot>(volumeSnapshots, { ...cut, status: readySince(at, cut.metadata.name) }, at);
        }
      }
    }
  }
  for (const all of built.values()) all.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  return { objects: (resource) => built.get(resource.plural) ?? [] };
}

function workloadsOf(namespace: string, claims: number): { target: Target; names: string[] }[] {
  const sets = Math.floor(claims / 2 / replicas);
  const single = Array.from({ length: claims - sets * replicas }, (_, index) => {
    const name = `web-${index}`;
    return { target: { kind: 'Deployment', name, namespace } as const, names: [`${name}-data`] };
  });
  const several = Array.from({ length: sets }, (_, index) => {
    const name = `db-${index}`;
    const names = Array.from({ length: replicas }, (_, ordinal) => `data-${name}-${ordinal}`);
    return { target: { kind: 'StatefulSet', name, namespace } as const, names };
  });
  return [...single, ...several];
}

function workload({ kind, name, namespace }: Target, claimName: string) {
  const isSet = kind === 'StatefulSet';
  const labels = { app: name };
  const container = {
    ...{ name: 'main', image: 'registry.example/app:1.2.3', args: ['--serve'] },
    env: Array.from({ length: 10 }, (_, index) => ({
      name: `OPTION_${index}`,
      value: `value of it ${index}`,
    })),
  };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace, labels },
    spec: {
      replicas: isSet ? replicas : 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [container],
          volumes: isSet ? [] : [{ name: 'data', persistentVolumeClaim: { claimName } }],
        },
      },
      ...(isSet && { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec }] }),
    },
  };
}

const claimSpec = {
  accessModes: ['ReadWriteOnce' as const],
  resources: { requests: { storage: '10Gi' } },
  storageClassName: 'ebs',
  volumeMode: 'Filesystem' as const,
};

function claim(namespace: string, name: string): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...{ name, namespace, labels: { 'app.kubernetes.io/name': name, team: namespace } },
      annotations: {
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        'volume.kubernetes.io/storage-provisioner': driver,
      },
    },
    spec: { ...claimSpec, volumeName: `pvc-${uidOf(`${namespace}/${name}`)}` },
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' } },
  };
}

function readySince(at: Date, name: string): NonNullable<VolumeSnapshot['status']> {
  return {
    ...{ readyToUse: true, restoreSize: '10Gi', creationTime: at.toISOString() },
    boundVolumeSnapshotContentName: `snapcontent-${uidOf(name)}`,
  };
}

let version = 0;

function asStored<T extends KubernetesObject>(object: T, created: Date): Stored<T> {
  version += 1;
  const { apiVersion, kind, metadata, ...rest } = object;
  const time = created.toISOString().replace(/\.\d+/, '');
  const managed = (manager: string, value: object) => ({
    ...{ manager, operation: 'Update' as const, apiVersion, time },
    ...{ fieldsType: 'FieldsV1' as const, fieldsV1: fieldsOf(value) },
  });
  const { labels = {}, annotations = {} } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      uid: uidOf(`${kind}/${placeOf(object)}/${version}`),
      resourceVersion: String(version),
      creationTimestamp: time,
      managedFields: [
        managed('kubectl-stash', {
          metadata: { labels, annotations },
          spec: 'spec' in rest ? rest.spec : {},
        }),
        managed('controller', 'status' in rest ? { status: rest.status } : {}),
      ],
    },
    ...rest,
  } as unknown as Stored<T>;
}

/** `{"f:spec":{"f:replicas":{}}}` */
function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [`f:${key}`, fieldsOf(field)]));
}

function placeOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** Looks like a UUID, and is the same for the same text. */
function uidOf(text: string): string {
  const digits = Buffer.from(text).toString('hex').padEnd(32, '0').slice(-32);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
