/** An API server whose every word is hostile: of each kind it has an object with a proper name, and a forged one. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';

/** Escape sequences, a C1 control, overrides of the direction, a tag, a line that looks like a hint, and a shell's words. */
export const hostileWord =
  "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066\u200b\u{e0041}\rx'; touch owned; $(touch owned)`touch owned`\nkubectl delete namespace prod\u2028<h1>hint</h1>\u0000\u007f";
export const longWord = 'w'.repeat(1_000_000);

const uid = '1b671a64-40d5-491e-99b0-da01ff1f3341';
const time = '2026-03-14T02:59:00Z';
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const container = { name: 'app', image: 'app', volumeMounts: [{ name: 'data', mountPath: '/data' }] };
const template = {
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [container],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'web' } }],
  },
};
const workload = { spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template } };
const invoker = { kind: 'BackupConfiguration', name: 'web' };
const told = { phase: 'Failed', error: 'it failed' };
const condition = {
  type: 'Ready',
  status: 'False',
  reason: 'Failed',
  message: 'it says',
  lastTransitionTime: time,
};
const snapshotOfSession = {
  annotations: {
    [annotation.sessionName]: 'web',
    [annotation.sessionUid]: uid,
    [annotation.sessionClaims]: '["web"]',
    [annotation.target]: JSON.stringify(target),
  },
  labels: { [label.backupSession]: 'web' },
};

/** What an object of a kind holds beside its name. A kind that is missing here has only a name and a message. */
const contents: Readonly<Record<string, object>> = {
  Deployment: workload,
  StatefulSet: workload,
  ReplicaSet: workload,
  DaemonSet: workload,
  ReplicationController: workload,
  PersistentVolumeClaim: {
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeName: 'web',
      storageClassName: 'web',
      resources: { requests: { storage: '1Gi' } },
    },
    status: { phase: 'Bound', conditions: [condition] },
  },
  PersistentVolume: { spec: { csi: { driver: 'driver', volumeHandle: 'handle' } } },
  StorageClass: { provisioner: 'driver' },
  VolumeSnapshotClass: {
    metadata: { annotations: { [annotation.defaultSnapshotClass]: 'true' } },
    driver: 'driver',
    deletionPolicy: 'Delete',
  },
  VolumeSnapshot: {
    metadata: snapshotOfSession,
    spec: { source: { persistentVolumeClaimName: 'web' }, volumeSnapshotClassName: 'web' },
    status: {
      readyToUse: false,
      creationTime: time,
      restoreSize: '1Gi',
      error: { message: 'it failed', time },
    },
  },
  Pod: {
    ...template,
    metadata: {
      labels: { app: 'web' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid }],
    },
    status: {
      phase: 'Running',
      conditions: [condition],
      containerStatuses: [
        { name: 'app', ready: false, state: { waiting: { reason: 'Waits', message: 'it waits' } } },
      ],
    },
  },
  Event: {
    type: 'Warning',
    reason: 'Failed',
    message: 'it says',
    involvedObject: { kind: 'PersistentVolumeClaim', name: 'web', uid },
    lastTimestamp: time,
  },
  Lease: { spec: { holderIdentity: 'leader', renewTime: time } },
  CustomResourceDefinition: {
    spec: {
      names: { plural: 'volumesnapshots' },
      versions: [{ name: 'v1beta1', served: true, storage: true, rules: { 'x-kubernetes-validations': [] } }],
    },
  },
  ValidatingWebhookConfiguration: { webhooks: [{ name: 'validation-webhook.snapshot.storage.k8s.io' }] },
  BackupConfiguration: {
    spec: {
      driver: 'VolumeSnapshotter',
      schedule: '@daily',
      target: { ref: target },
      retentionPolicy: { name: 'keep', keepLast: 1, prune: true },
      hooks: { postBackup: { exec: { command: ['app', 'resume'] }, containerName: 'app' } },
    },
    status: { phase: 'Invalid', conditions: [condition] },
  },
  BackupSession: {
    metadata: { annotations: { [annotation.target]: JSON.stringify(target) } },
    spec: { invoker },
    status: {
      phase: 'Failed',
      conditions: [condition],
      targets: [{ ref: target, conditions: [condition], stats: [{ hostname: 'web', ...told }] }],
    },
  },
  RestoreSession: {
    spec: {
      driver: 'VolumeSnapshotter',
      target: { volumeClaimTemplates: [{ metadata: { name: 'web' }, spec: {} }] },
    },
    status: { phase: 'Failed', conditions: [condition], stats: [{ hostname: 'web', ...told }] },
  },
};

const readySnapshot = { readyToUse: true, creationTime: time, restoreSize: '1Gi' };
const served = [
  ...['volumesnapshots', 'volumesnapshotclasses', 'volumesnapshotcontents'],
  ...['backupconfigurations', 'backupsessions', 'restoresessions'],
];
const anything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];

/** Words that the API server itself would not let through, or that only say where an object belongs. */
const structural =
  /^(apiVersion|kind|uid|phase|status|type|storage|restoreSize|resourceVersion|driver|schedule|.*Time(stamp)?)$/;
/** Words that any writer of an object chooses. */
const free = /^(message|error|reason|hostname|user|note|.*\/session-name)$/;

type Forge = (word: string, key: string) => string;

function mapWords(value: unknown, forge: Forge, key = ''): unknown {
  if (typeof value === 'string') return forge(value, key);
  if (Array.isArray(value)) return value.map((each) => mapWords(each, forge, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapWords(each, forge, name)]));
}

export interface Hostility {
  /** Follows each word. */
  readonly word: string;
  /** The phase of sessions; default Failed. */
  readonly phase?: string | undefined;
}

/** Answers every request at once; no object ever changes, and those that are created stay. */
export function hostileCluster({ word, phase }: Hostility): Cluster {
  const everywhere: Forge = (text, key) =>
    structural.test(key) ? (key === 'phase' && text === 'Failed' ? (phase ?? text) : text) : `${text}${word}`;
  const inMessages: Forge = (text, key) => (free.test(key) || key === 'phase' ? everywhere(text, key) : text);
  const build = (resource: Resource, name: string, forge: Forge, given: object = {}): Stored<never> => {
    const { group, version, kind } = resource;
    const { metadata, ...content } = { metadata: {}, ...contents[kind] };
    const object = {
      apiVersion: group === '' ? version : `${group}/${version}`,
      kind,
      metadata: {
        ...{ name, namespace: 'demo', uid, resourceVersion: '1', creationTimestamp: time },
        ...metadata,
        annotations: { note: '', ...(metadata as { annotations?: object }).annotations },
      },
      ...content,
      ...(phase === 'Succeeded' && kind === 'VolumeSnapshot' && { status: readySnapshot }),
      ...given,
    };
    return mapWords(object, forge) as Stored<never>;
  };
  const created = new Map<string, Stored<never>[]>();
  const both = (resource: Resource) => [
    ...(created.get(resource.plural) ?? []),
    build(resource, 'web', inMessages),
    build(resource, 'web', everywhere),
  ];
  const echo = (resource: Resource, object: KubernetesObject) => {
    const { metadata, ...rest } = object;
    const reviewed =
      resource.group === 'authorization.k8s.io'
        ? { status: { allowed: true, resourceRules: anything, nonResourceRules: [], incomplete: false } }
        : {};
    return build(resource, metadata.name ?? 'web', inMessages, { ...rest, ...reviewed });
  };
  return {
    get: (resource, name) => Promise.resolve(build(resource, name, inMessages)),
    list: (resource) => Promise.resolve({ items: both(resource), resourceVersion: '1' }),
    async *pages(resource) {
      await Promise.resolve();
      yield { items: both(resource), resourceVersion: '1', isFirst: true };
    },
    create(resource, object) {
      const made = echo(resource, object);
      created.set(resource.plural, [...(created.get(resource.plural) ?? []), made]);
      return Promise.resolve(made);
    },
    patch: (resource, { name }) => Promise.resolve(build(resource, name, inMessages)),
    delete: () => Promise.resolve(),
    async *watch(resource, _, signal) {
      yield { type: 'listed', items: both(resource) };
      if (!signal.aborted) await once(signal, 'abort');
    },
    exec({ stdout, stderr }) {
      stdout.write(word);
      stderr.write(word);
      return Promise.resolve(1);
    },
    logs: () => Promise.resolve(word),
    groups: () => Promise.resolve(['stash.appscode.com', 'snapshot.storage.k8s.io', word]),
    kinds: () => Promise.resolve([...served, word]),
    serverVersion: () => Promise.resolve(`v1${word}`),
    close: () => undefined,
  };
}

const mostSleeps = 100;

/** A clock on which each sleep takes no time of the machine, and a signal that interrupts what sleeps for ever. */
export function hasten(): { readonly clock: Clock; readonly signal: AbortSignal } {
  const interrupt = new AbortController();
  let now = Date.parse('2026-03-14T03:00:00Z');
  let sleeps = 0;
  const clock: Clock = {
    now: () => new Date(now),
    async sleep(milliseconds, signal) {
      await setImmediate();
      if (signal?.aborted !== true) now += milliseconds;
      if ((sleeps += 1) > mostSleeps) interrupt.abort();
    },
  };
  return { clock, signal: interrupt.signal };
}
