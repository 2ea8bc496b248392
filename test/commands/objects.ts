/** Minimal objects of users. */
import type { KubernetesObject, Volume } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  deployments,
  namespaces,
  persistentVolumeClaims,
  statefulSets,
  volumeSnapshotClasses,
  type Resource,
} from '#src/api/resources.ts';
import { snapshotClass } from '#test/support/classes.ts';

export type Created = readonly [Resource, KubernetesObject];

export function namespace(name: string): Created {
  return [namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }];
}

/** A class of the sandbox's driver with this fault, which is also its name. */
export function faultyClass(fault: string): Created {
  return [volumeSnapshotClasses, snapshotClass(fault, 'sandbox.csi.stash.dev', { fault })];
}

export interface ClaimOptions {
  readonly storageClass?: string;
  readonly size?: string;
  readonly labels?: Record<string, string>;
  readonly modes?: string[];
  /** The PersistentVolume to bind the claim to. */
  readonly volume?: string;
}

export function claim(namespace: string, name: string, options: ClaimOptions = {}): Created {
  const { storageClass, size = '1Gi', labels, modes = ['ReadWriteOnce'], volume } = options;
  const spec = {
    accessModes: modes,
    resources: { requests: { storage: size } },
    ...(storageClass !== undefined && { storageClassName: storageClass }),
    ...(volume !== undefined && { volumeName: volume }),
  };
  const metadata = { name, namespace, ...(labels && { labels }) };
  return [persistentVolumeClaims, object('v1', 'PersistentVolumeClaim', { metadata, spec })];
}

export interface WorkloadOptions {
  readonly replicas?: number;
  readonly labels?: Record<string, string>;
}

/** With one volume per claim. Its pods report Running and do nothing. */
export function deployment(
  namespace: string,
  name: string,
  claims: readonly string[],
  { replicas = 1, labels = {} }: WorkloadOptions = {},
): Created {
  const volumes = claims.map((claimName, index) => ({
    name: `volume-${index}`,
    persistentVolumeClaim: { claimName },
  }));
  const metadata = { name, namespace, labels };
  const spec = { replicas, ...podSpec(name, volumes) };
  return [deployments, object('apps/v1', 'Deployment', { metadata, spec })];
}

/** With one claim template `data` of 1Gi. */
export function statefulSet(
  namespace: string,
  name: string,
  { replicas = 1, labels = {} }: WorkloadOptions = {},
): Created {
  const template = {
    metadata: { name: 'data', labels: { app: name } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const metadata = { name, namespace, labels };
  const spec = { replicas, serviceName: name, ...podSpec(name, []), volumeClaimTemplates: [template] };
  return [statefulSets, object('apps/v1', 'StatefulSet', { metadata, spec })];
}

export function configuration(
  namespace: string,
  name: string,
  target: { readonly apiVersion?: string; readonly kind: string; readonly name: string },
  more: object = {},
): Created {
  const spec = {
    driver: 'VolumeSnapshotter',
    schedule: '0 0 1 1 *',
    paused: true,
    target: { ref: { apiVersion: 'apps/v1', ...target } },
    retentionPolicy: { name: 'keep-all', prune: false },
    ...more,
  };
  const metadata = { name, namespace };
  return [
    backupConfigurations,
    object('stash.appscode.com/v1beta1', 'BackupConfiguration', { metadata, spec }),
  ];
}

/** Any object: the server checks it, not the types. */
export function object(apiVersion: string, kind: string, rest: object): KubernetesObject {
  return { apiVersion, kind, metadata: {}, ...rest };
}

function podSpec(name: string, volumes: readonly Volume[]) {
  const labels = { app: name };
  return {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox' }], volumes } },
  };
}
