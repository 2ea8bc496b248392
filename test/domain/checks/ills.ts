/** For each check, facts in which it finds something amiss. */
import type {
  ClusterNode,
  CronJob,
  CustomResourceDefinition,
  Event,
  Job,
  KubernetesObject,
  Lease,
  LimitRange,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  StorageClass,
  Stored,
  ValidatingWebhookConfiguration,
  VolumeSnapshot,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupSessions, pods, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Subject } from '#src/domain/checks/check.ts';
import { formatSwapped, type SwappedVolume } from '#src/domain/in-place/swapped-volume.ts';
import type { Right } from '#src/domain/rights.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { configuration, stored, target } from '#test/domain/objects.ts';
import { snapshotOf as snapshotOfSession } from '#test/domain/restore-point-objects.ts';

import {
  claims,
  driver,
  good,
  hoursLater,
  lease,
  snapshotClass,
  volumesOf,
  withAppscode,
  type Changes,
} from './facts.ts';

export interface Ill {
  readonly changes?: Changes;
  readonly subject?: Partial<Subject>;
  /** Of the subject. */
  readonly configuration?: Stored<BackupConfiguration>;
}

const cut = hoursLater(0).toISOString();
const later = hoursLater(1);

/** A snapshot of the first claim that the session took. */
export function snapshotOf(
  status: NonNullable<VolumeSnapshot['status']>,
  more: Parameters<typeof snapshotOfSession>[2] = {},
): Stored<VolumeSnapshot> {
  return snapshotOfSession('sts-db-1', 'data-db-0', { target, created: cut, status, ...more });
}

/** Facts with these snapshots, and the restore points that they are. */
export function withSnapshots(
  snapshots: readonly Stored<VolumeSnapshot>[],
  lists: Changes['lists'] = {},
): Changes {
  return {
    now: later,
    points: { value: restorePoints(snapshots, []) },
    lists: { ...good, volumesnapshots: snapshots, ...lists },
  };
}

const bound = { boundVolumeSnapshotContentName: 'content' };
const ready = { ...bound, readyToUse: true, restoreSize: '2Gi', creationTime: cut };
const source = { storageClassName: 'disk', storage: '1Gi', accessModes: ['ReadWriteOnce' as const] };
export const complete = [snapshotOf(ready, { source, className: 'fast' })];

export function made<T extends KubernetesObject>(
  apiVersion: string,
  kind: string,
  name: string,
  rest: Omit<T, keyof KubernetesObject>,
): Stored<T> {
  return stored({ apiVersion, kind, metadata: { name }, ...rest } as T);
}

export function storageClassOf(name: string, provisioner: string): Stored<StorageClass> {
  return made<StorageClass>('storage.k8s.io/v1', 'StorageClass', name, { provisioner });
}

export function quotaOf(hard: Record<string, string>, used: Record<string, string>): Stored<ResourceQuota> {
  return made<ResourceQuota>('v1', 'ResourceQuota', 'small', { spec: { hard }, status: { hard, used } });
}

export function contentOf(
  changes: Partial<VolumeSnapshotContent['spec']>,
  annotations: Record<string, string> = {},
): Stored<VolumeSnapshotContent> {
  const content = made<VolumeSnapshotContent>(
    'snapshot.storage.k8s.io/v1',
    'VolumeSnapshotContent',
    'content',
    {
      spec: { driver, deletionPolicy: 'Delete', source: {}, volumeSnapshotRef: { uid: 'gone' }, ...changes },
      status: { restoreSize: 2 ** 30 },
    },
  );
  return { ...content, metadata: { ...content.metadata, annotations } };
}

/** A volume that only this node can use. */
export function onNode(node: string): Omit<PersistentVolume, keyof KubernetesObject>['spec'] {
  const values = [node];
  return {
    csi: { driver, volumeHandle: 'h' },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] },
        ],
      },
    },
  };
}

export function nodeOf(name: string, ready: 'True' | 'Unknown'): Stored<ClusterNode> {
  const node = made<ClusterNode>('v1', 'Node', name, {
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  return { ...node, metadata: { ...node.metadata, labels: { 'kubernetes.io/hostname': name } } };
}

const nightly = configuration('nightly', { schedule: '@daily' });
const leading = {
  installed: { value: undefined },
  home: 'kubectl-stash',
  lease: { value: lease('operator-0', later) },
};

function marked(annotations: Record<string, string>): Stored<PersistentVolumeClaim>[] {
  return claims.map((claim) => ({
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, ...annotations } },
  }));
}

const withSecret = {
  ...snapshotClass('fast'),
  parameters: {
    'csi.storage.k8s.io/snapshotter-secret-name': 'credentials',
    'csi.storage.k8s.io/snapshotter-secret-namespace': '${volumesnapshot.namespace}',
  },
};

const retaining = { ...snapshotClass('fast'), deletionPolicy: 'Retain' as const };
const served = ['volumesnapshots', 'volumesnapshotclasses', 'volumesnapshotcontents'];

const lacksExec: Right[] = [{ verb: 'create', resource: pods, subresource: 'exec' }];

function warningOf(message: string): Stored<Event> {
  return made<Event>('v1', 'Event', 'data-db-0-1.18', {
    involvedObject: { kind: 'VolumeSnapshot', name: 'data-db-0-1' },
    type: 'Warning',
    message,
  });
}

export function definition(
  plural: string,
  versions: readonly string[],
  { storedVersions = versions, rules = false }: { storedVersions?: readonly string[]; rules?: boolean } = {},
): Stored<CustomResourceDefinition> {
  const [stored = ''] = versions;
  const names = { plural, singular: plural, kind: plural };
  const schema = {
    openAPIV3Schema: {
      type: 'object' as const,
      ...(rules && { 'x-kubernetes-validations': [{ rule: 'true' }] }),
    },
  };
  return made<CustomResourceDefinition>(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    `${plural}.snapshot.storage.k8s.io`,
    {
      spec: {
        group: 'snapshot.storage.k8s.io',
        scope: 'Namespaced',
        names,
        versions: versions.map((name) => ({ name, served: true, storage: name === stored, schema })),
      },
      status: { storedVersions: [...storedVersions] },
    },
  );
}

export function webhookConfiguration(name: string): Stored<ValidatingWebhookConfiguration> {
  return made<ValidatingWebhookConfiguration>(
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    name,
    { webhooks: [{ name: 'validation-webhook.snapshot.storage.k8s.io' }] },
  );
}

/** A volume that session `restore-1` has kept of claim `data-db-0` since the objects of tests were created. */
export function keptVolume(): Stored<PersistentVolume> {
  const swapped: SwappedVolume = {
    ...{ session: 'restore-1', namespace: 'demo', claim: 'data-db-0', role: 'kept', policy: 'Delete' },
    ...{ target: { kind: target.kind, name: target.name }, since: cut },
    manifest: { metadata: {}, spec: {} },
  };
  const volume = lostVolume('pv-kept');
  const annotations = { [annotation.swap]: formatSwapped(swapped) };
  return { ...volume, metadata: { ...volume.metadata, annotations } };
}

export function lostVolume(name: string): Stored<PersistentVolume> {
  return made<PersistentVolume>('v1', 'PersistentVolume', name, {
    spec: {
      ...{ capacity: { storage: '10Gi' }, csi: { driver, volumeHandle: name } },
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace: 'demo', name: 'data-db-0', uid: 'old' },
    },
    status: { phase: 'Released' },
  });
}

/** Of the csi-snapshotter of the claims' driver. */
export function sidecarLeaseOf(holder: string, renewed: Date): Stored<Lease> {
  const made = lease(holder, renewed);
  const name = 'external-snapshotter-leader-disk-example-com';
  return { ...made, metadata: { ...made.metadata, name, namespace: 'storage' } };
}

export function cronJobOf(changes: Partial<CronJob['spec']>): Stored<CronJob> {
  return made<CronJob>('batch/v1', 'CronJob', 'stash-trigger-nightly', {
    spec: {
      schedule: '@daily',
      jobTemplate: { spec: { template: { spec: { containers: [] } } } },
      ...changes,
    },
  });
}

/** Of the CronJob of `nightly`. */
export function triggerJob(name: string, made: Date, condition?: 'Complete' | 'Failed'): Stored<Job> {
  const job = stored<Job>({
    ...{ apiVersion: 'batch/v1', kind: 'Job', status: {} },
    metadata: {
      ...{ name, namespace: 'demo', uid: name },
      labels: { 'app.kubernetes.io/component': 'trigger' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'cron-1' }],
    },
    ...(condition && {
      status: { conditions: [{ type: condition, status: 'True' as const, message: 'it ran too long' }] },
    }),
  });
  return { ...job, metadata: { ...job.metadata, creationTimestamp: made.toISOString() } };
}

/** Its container waits for this reason. */
export function podOfJob({ metadata: { name, uid } }: Stored<Job>, reason: string): Stored<Pod> {
  return stored<Pod>({
    ...{ apiVersion: 'v1', kind: 'Pod', spec: { containers: [] } },
    metadata: {
      name: `${name}-x`,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }],
    },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      containerStatuses: [
        {
          ...{ name: 'trigger', ready: false, restartCount: 0, image: 'app', imageID: '' },
          state: { waiting: { reason, message: 'not found' } },
        },
      ],
    },
  });
}

const waitingJob = triggerJob('stash-trigger-nightly-1', later);

/** With a client that wrote a field of its spec. */
export function writtenBy(
  of: Stored<BackupConfiguration>,
  writers: Readonly<Record<string, string>>,
): Stored<BackupConfiguration> {
  const managedFields = Object.entries(writers).map(([manager, field]) => ({
    manager,
    fieldsV1: { 'f:spec': { [`f:${field}`]: {} } },
  }));
  return { ...of, metadata: { ...of.metadata, managedFields } };
}

const hooked = configuration('nightly', {
  hooks: { preBackup: { containerName: 'main', exec: { command: ['app', 'pause'] } } },
});

export const ills: Readonly<Record<string, Ill>> = {
  clock: { changes: { clockAhead: 95_000 } },
  'snapshot-definitions': {
    changes: {
      definitions: {
        value: [
          definition('volumesnapshots', ['v1', 'v1beta1']),
          definition('volumesnapshotclasses', ['v1']),
        ],
      },
    },
  },
  'snapshot-webhook': {
    changes: {
      definitions: { value: [definition('volumesnapshots', ['v1'], { rules: true })] },
      webhooks: { value: [webhookConfiguration('validation-webhook.snapshot.storage.k8s.io')] },
    },
  },
  'group-snapshots': {
    changes: withSnapshots([snapshotOf({ ...ready, volumeGroupSnapshotName: 'nightly' })]),
  },
  'leaked-volumes': { changes: { lists: { persistentvolumes: [lostVolume('pv-1'), keptVolume()] } } },
  'kept-volumes': { changes: { now: hoursLater(8 * 24), swapped: { value: [keptVolume()] } } },
  'sidecar-lease': {
    changes: {
      ...withSnapshots([]),
      sidecarLeases: { value: [sidecarLeaseOf('snapshotter-0', hoursLater(0))] },
    },
  },
  'configuration-owner': {
    configuration: writtenBy(nightly, { 'argocd-controller': 'schedule', 'kubectl-stash': 'paused' }),
  },
  'job-pods': {
    configuration: nightly,
    changes: {
      jobPods: new Map([
        [
          'nightly',
          {
            value: {
              refusal:
                'pods "kubectl-stash-doctor" is forbidden: violates PodSecurity "restricted:latest": privileged',
            },
          },
        ],
      ]),
    },
  },
  'hook-rights': { configuration: hooked, changes: { missingForHooks: lacksExec } },
  'snapshot-api': { changes: { served: [] } },
  'stash-api': { changes: { served } },
  'snapshot-controller': { changes: withSnapshots([snapshotOf({})]) },
  'leaked-contents': {
    changes: {
      leaked: { value: [contentOf({ deletionPolicy: 'Retain' })] },
    },
  },
  rights: { changes: { missing: new Map([['snapshot', [{ verb: 'create', resource: volumeSnapshots }]]]) } },
  admission: {
    changes: {
      admission: [
        {
          resource: volumeSnapshots,
          refusal: 'failed calling webhook "check.example.com": connection refused',
        },
        { resource: backupSessions, refusal: undefined },
      ],
    },
  },
  'driver-sidecar': {
    changes: {
      ...withSnapshots([snapshotOf(bound)]),
      contents: { value: new Map([['content', contentOf({})]]) },
    },
  },
  operator: { configuration: nightly },
  'operator-jobs': {
    changes: {
      operatorJobs: {
        value: { jobs: [waitingJob], pods: [podOfJob(waitingJob, 'ImagePullBackOff')] },
      },
    },
  },
  'driver-limits': {
    changes: {
      ...withSnapshots([
        snapshotOf({ ...bound, error: { message: 'desc = SnapshotCreationPerVolumeRateExceeded: wait' } }),
      ]),
      events: { value: [warningOf('desc = SnapshotLimitExceeded: 10000'), warningOf('no room')] },
    },
  },
  'stuck-snapshots': {
    changes: withSnapshots([
      snapshotOf({ ...bound, error: { message: 'rpc error: code = Internal desc = the disk is full' } }),
    ]),
  },
  'stuck-deletions': {
    changes: {
      ...withSnapshots([{ ...snapshotOf(ready, { deleting: true }) }]),
      now: hoursLater(3),
    },
  },
  configurations: { changes: { lists: { backupconfigurations: 'lacks' } } },
  'configuration-valid': { configuration: configuration('nightly', { schedule: 'soon' }) },
  target: { subject: { object: { value: undefined } } },
  configuration: {
    changes: { lists: { ...good, backupconfigurations: [nightly, configuration('weekly')] } },
  },
  claims: { changes: { lists: { ...good, persistentvolumeclaims: [] } } },
  drivers: {
    changes: {
      lists: { ...good, volumesnapshotclasses: [] },
      ...volumesOf({ nfs: { server: 'files' } }),
    },
  },
  'csi-driver': { changes: { lists: { ...good, csidrivers: [], csinodes: [] } } },
  'node-local': {
    changes: {
      lists: good,
      ...volumesOf(onNode('worker-1')),
      nodes: { value: [nodeOf('worker-1', 'Unknown')] },
    },
  },
  'snapshot-classes': {
    changes: {
      lists: { ...good, volumesnapshotclasses: [snapshotClass('a', 'true'), snapshotClass('b', 'true')] },
    },
  },
  'class-secrets': {
    changes: {
      lists: { ...good, volumesnapshotclasses: [withSecret] },
      secrets: new Map([['demo/credentials', { value: false }]]),
    },
  },
  'deletion-policy': {
    configuration: configuration('nightly', {
      retentionPolicy: { name: 'keep-last-3', keepLast: 3, prune: true },
    }),
    changes: { lists: { ...good, volumesnapshotclasses: [retaining] } },
  },
  'snapshot-lifetime': { changes: { lists: good } },
  quota: {
    changes: {
      lists: {
        ...good,
        resourcequotas: [
          quotaOf(
            { 'count/volumesnapshots.snapshot.storage.k8s.io': '5' },
            { 'count/volumesnapshots.snapshot.storage.k8s.io': '4' },
          ),
        ],
      },
    },
  },
  appscode: { configuration: nightly, changes: { groups: withAppscode, lists: good } },
  'cron-job': {
    configuration: nightly,
    changes: {
      operator: leading,
      lists: {
        ...good,
        cronjobs: [cronJobOf({ suspend: true })],
      },
    },
  },
  schedule: { configuration: configuration('nightly', { schedule: '@daily', paused: true }) },
  overdue: { configuration: nightly, changes: { now: hoursLater(72), lists: good } },
  'restore-points': { changes: withSnapshots([snapshotOf({ error: { message: 'the disk is full' } })]) },
  'restore-claims': { changes: withSnapshots(complete) },
  'storage-classes': {
    changes: withSnapshots(complete, { storageclasses: [storageClassOf('disk', 'other.example.com')] }),
  },
  'restore-quota': {
    changes: withSnapshots(complete, {
      storageclasses: [storageClassOf('disk', driver)],
      resourcequotas: [quotaOf({ 'requests.storage': '2Gi' }, { 'requests.storage': '1Gi' })],
    }),
  },
  'limit-ranges': {
    changes: withSnapshots(complete, {
      limitranges: [
        made<LimitRange>('v1', 'LimitRange', 'small', {
          spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] },
        }),
      ],
    }),
  },
  gitops: {
    changes: {
      lists: {
        ...good,
        persistentvolumeclaims: marked({ 'argocd.argoproj.io/sync-options': 'Replace=true' }),
      },
    },
  },
  'snapshot-rate': {
    changes: withSnapshots(
      Array.from({ length: 60 }, (_, index) =>
        snapshotOfSession('sts-db-1', `data-db-${index}`, {
          ...{ target, created: cut, claims: Array.from({ length: 60 }, (__, each) => `data-db-${each}`) },
          status: { ...ready, creationTime: new Date(Date.parse(cut) + index * 1_700).toISOString() },
        }),
      ),
    ),
  },
};
