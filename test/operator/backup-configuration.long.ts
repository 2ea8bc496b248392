import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { allowed, label } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  deployments,
  events,
  jobs,
  persistentVolumeClaims,
  roleBindings,
  serviceAccounts,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { backupConfigurationReconciler } from '#src/operator/backup-configuration.ts';
import { StashError } from '#src/errors.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { until } from '#test/support/until.ts';

import { openStand } from './stand.ts';
import { startOperator } from './start.ts';

const namespace = 'default';

type Spec = Partial<BackupConfiguration['spec']>;

/** A sandbox, an operator with only this reconciler, and the objects in the sandbox. */
async function openScene(through?: (cluster: Cluster) => Cluster, speed = 20) {
  const stand = await openStand();
  const { cluster } = stand.sandbox;
  const start = () =>
    startOperator({
      kubeconfig: stand.kubeconfig,
      reconcilers: [backupConfigurationReconciler],
      leaderElect: false,
      clock: scaledClock(speed),
      ...(through && { through }),
    });
  let operator = await start();

  const one = async <T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    satisfies: (object: Stored<T>) => boolean = () => true,
  ): Promise<Stored<T>> => {
    const [object] = await until(
      cluster,
      resource,
      { namespace, fieldSelector: `metadata.name=${name}` },
      ([object]) => object !== undefined && satisfies(object),
    );
    assert.ok(object);
    return object;
  };
  const gone = (resource: Resource, name: string) =>
    until(
      cluster,
      resource,
      { namespace, fieldSelector: `metadata.name=${name}` },
      (items) => items.length === 0,
    );

  return {
    cluster,
    one,
    gone,
    requests: stand.sandbox.requests,
    operator: () => operator,
    async restart() {
      await operator.stop();
      operator = await start();
    },
    workload: (name = 'web') =>
      cluster.create(deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name } },
            spec: { containers: [{ name: 'app', image: 'busybox' }] },
          },
        },
      }),
    account: (name: string, labels: Record<string, string> = {}) =>
      cluster.create(serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name, namespace, labels },
      }),
    configuration: (name: string, spec: Spec = {}) =>
      cluster.create(backupConfigurations, {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'BackupConfiguration',
        metadata: { name, namespace },
        spec: {
          driver: 'VolumeSnapshotter',
          schedule: '0 3 * * *',
          target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
          retentionPolicy: { name: 'keep-all', prune: false },
          ...spec,
        },
      }),
    change: (name: string, spec: object) =>
      cluster.patch(backupConfigurations, { name, namespace }, { spec }),
    phase: (name: string, phase: string) =>
      one(
        backupConfigurations,
        name,
        ({ metadata, status }) =>
          status?.phase === phase && status.observedGeneration === metadata.generation,
      ),
    /** The message of the first Event about the object with this reason. */
    told: async (name: string, reason: string) => {
      const [event] = (
        await until(cluster, events, { namespace }, (items) =>
          items.some((event) => event.involvedObject.name === name && event.reason === reason),
        )
      ).filter((event) => event.involvedObject.name === name && event.reason === reason);
      return event?.message;
    },
    async [Symbol.asyncDispose]() {
      await operator.stop();
      await stand[Symbol.asyncDispose]();
    },
  };
}

function conditions({ status }: BackupConfiguration): Record<string, string> {
  return Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status, reason = '' }) => [type, `${status} ${reason}`]),
  );
}

const ready = {
  ValidationPassed: 'True ResourceValidationPassed',
  BackupTargetFound: 'True TargetAvailable',
  CronJobCreated: 'True CronJobCreationSucceeded',
};

test('a valid configuration whose target exists gets its CronJob and rights, and is Ready', async () => {
  await using scene = await openScene();
  await scene.workload();
  await scene.configuration('nightly');
  const configuration = await scene.phase('nightly', 'Ready');
  assert.deepEqual(conditions(configuration), ready);
  assert.deepEqual(configuration.metadata.finalizers, ['stash.appscode.com']);
  assert.equal(
    await scene.told('nightly', 'CronJobCreated'),
    'created cronjob/stash-trigger-nightly with schedule "0 3 * * *"',
  );
  assert.equal(
    await scene.told('nightly', 'BackupConfigurationReady'),
    'the configuration is valid and its target exists',
  );

  const cronJob = await scene.one(cronJobs, 'stash-trigger-nightly');
  assert.equal(cronJob.spec.schedule, '0 3 * * *');
  assert.equal(cronJob.spec.suspend, false);
  const account = await scene.one(serviceAccounts, 'stash-nightly');
  const trigger = await scene.one(roleBindings, 'stash-nightly-kubectl-stash-trigger');
  const snapshotter = await scene.one(roleBindings, 'stash-nightly-kubectl-stash-snapshotter');
  assert.equal(cronJob.spec.jobTemplate.spec.template.spec.serviceAccountName, 'stash-nightly');
  for (const { roleRef, subjects } of [trigger, snapshotter]) {
    assert.equal(roleRef.kind, 'ClusterRole');
    assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'stash-nightly', namespace }]);
  }
  for (const { metadata } of [cronJob, account, trigger, snapshotter]) {
    assert.deepEqual(
      metadata.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
      [[configuration.metadata.uid, true]],
    );
  }
});

test('at rest it writes nothing, whatever happens to its target, its CronJob and itself', async () => {
  await using scene = await openScene();
  await scene.workload();
  await scene.configuration('nightly');
  await scene.phase('nightly', 'Ready');
  await scene.told('nightly', 'BackupConfigurationReady');
  await scene.told('nightly', 'CronJobCreated');
  scene.requests.reset();
  await scene.cluster.patch(deployments, { name: 'web', namespace }, { spec: { replicas: 1 } });
  const fired = { status: { lastScheduleTime: '2026-03-14T03:00:00Z' } };
  const at = { name: 'stash-trigger-nightly', namespace };
  await scene.cluster.patch(cronJobs, at, fired, { subresource: 'status' });
  await scene.restart();

  // Once the operator has reconciled the second configuration, it has also reconciled the first.
  await scene.workload('api');
  await scene.configuration('later', { target: { ref: { kind: 'Deployment', name: 'api' } } });
  await scene.phase('later', 'Ready');
  await scene.told('later', 'BackupConfigurationReady');
  await scene.told('later', 'CronJobCreated');
  const count = (verb: string, plural: string) => scene.requests.count({ verb, plural });
  assert.equal(
    count('patch', 'cronjobs') + count('patch', 'rolebindings') + count('patch', 'serviceaccounts'),
    0,
  );
  assert.equal(count('create', 'cronjobs'), 1);
  assert.equal(count('create', 'serviceaccounts'), 1);
  assert.equal(count('create', 'rolebindings'), 2);
  assert.equal(count('create', 'events'), 2);
  // Its finalizer and its status.
  assert.equal(count('patch', 'backupconfigurations'), 1);
  assert.equal(count('patch', 'backupconfigurations/status'), 1);
  // Each process checks the rights once.
  assert.equal(count('get', 'rolebindings'), 4);
  assert.equal(count('get', 'cronjobs') + count('get', 'deployments'), 0);
});

test('the problems of an invalid configuration are in its condition and an Event, and nothing is created', async () => {
  await using scene = await openScene();
  await scene.configuration('wrong', { schedule: 'often', target: { ref: { kind: 'Pod', name: 'web' } } });
  const configuration = await scene.phase('wrong', 'Invalid');
  const why =
    'spec.target.ref.kind "Pod" is not one of Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, PersistentVolumeClaim; ' +
    'spec.schedule: "often" has one field, and a schedule has five: minute, hour, day of month, month, day of week';
  assert.deepEqual(
    configuration.status?.conditions?.map((it) => [it.type, it.status, it.reason, it.message]),
    [['ValidationPassed', 'False', 'ResourceValidationFailed', why]],
  );
  assert.equal(await scene.told('wrong', 'ValidationFailed'), why);
  assert.equal(configuration.metadata.finalizers, undefined);
  assert.deepEqual((await scene.cluster.list(cronJobs)).items, []);

  await scene.workload();
  const target = { ref: { kind: 'Deployment', name: 'web' } };
  await scene.change('wrong', { schedule: '@daily', target });
  assert.deepEqual(conditions(await scene.phase('wrong', 'Ready')), ready);
});

test('becomes Ready when its target is created, and NotReady when it is deleted; its CronJob stays', async () => {
  await using scene = await openScene();
  await scene.configuration('nightly');
  const waiting = await scene.phase('nightly', 'NotReady');
  assert.deepEqual(conditions(waiting), {
    ValidationPassed: 'True ResourceValidationPassed',
    BackupTargetFound: 'False TargetNotAvailable',
  });
  assert.equal(
    await scene.told('nightly', 'TargetNotFound'),
    'deployment/web does not exist in namespace default; backups start once it exists',
  );
  assert.deepEqual((await scene.cluster.list(cronJobs)).items, []);

  await scene.workload('other');
  await scene.workload();
  assert.deepEqual(conditions(await scene.phase('nightly', 'Ready')), ready);

  await scene.cluster.delete(deployments, { name: 'web', namespace });
  assert.deepEqual(conditions(await scene.phase('nightly', 'NotReady')), {
    ...ready,
    BackupTargetFound: 'False TargetNotAvailable',
  });
  assert.equal((await scene.cluster.list(cronJobs)).items.length, 1);
  await scene.workload();
  await scene.phase('nightly', 'Ready');
});

test('a target that the operator may not read is not reported as missing', async () => {
  let refused = true;
  await using scene = await openScene((cluster) => ({
    ...cluster,
    get: async (resource, ...at) => {
      if (refused && resource.plural === 'deployments')
        throw new StashError('forbidden', 'deployments are secret');
      return cluster.get(resource, ...at);
    },
  }));
  await scene.configuration('nightly');
  const unknown = await scene.phase('nightly', 'NotReady');
  assert.equal(conditions(unknown)['BackupTargetFound'], 'False UnableToCheckTargetAvailability');
  assert.equal(
    await scene.told('nightly', 'UnableToCheckTargetAvailability'),
    'cannot tell whether deployment/web exists: deployments are secret',
  );
  refused = false;
  await scene.one(
    backupConfigurations,
    'nightly',
    (configuration) => conditions(configuration)['BackupTargetFound'] === 'False TargetNotAvailable',
  );
});

test('paused suspends the CronJob, and a changed schedule changes it', async () => {
  await using scene = await openScene();
  await scene.workload();
  await scene.configuration('nightly', { paused: true });
  await scene.phase('nightly', 'Ready');
  const name = 'stash-trigger-nightly';
  await scene.one(cronJobs, name, ({ spec }) => spec.suspend === true);
  await scene.change('nightly', { paused: false });
  await scene.one(cronJobs, name, ({ spec }) => spec.suspend === false);
  assert.equal(await scene.told('nightly', 'CronJobUpdated'), 'resumed cronjob/stash-trigger-nightly');
  await scene.change('nightly', { schedule: '*/5 * * * *' });
  await scene.one(cronJobs, name, ({ spec }) => spec.schedule === '*/5 * * * *');
  // Even while the configuration is invalid.
  await scene.change('nightly', { schedule: 'often', paused: true });
  await scene.phase('nightly', 'Invalid');
  const invalid = await scene.one(cronJobs, name, ({ spec }) => spec.suspend === true);
  assert.equal(invalid.spec.schedule, '*/5 * * * *');
});

test('runtime settings are added to the CronJob and removed again, whatever defaults the API server fills in', async () => {
  await using scene = await openScene();
  await scene.workload();
  await scene.account('mine', { [label.jobs]: allowed });
  await scene.configuration('nightly', {
    runtimeSettings: {
      pod: { nodeSelector: { disk: 'ssd' }, serviceAccountName: 'mine' },
      container: { resources: { requests: { memory: '1024Mi' } }, nice: { adjustment: 5 } },
    },
  });
  await scene.phase('nightly', 'Ready');
  const podOf = (spec: { jobTemplate: { spec: { template: { spec: object } } } }) =>
    spec.jobTemplate.spec.template.spec as { nodeSelector?: unknown; serviceAccountName?: string };
  const name = 'stash-trigger-nightly';
  const made = await scene.one(cronJobs, name, ({ spec }) => podOf(spec).serviceAccountName === 'mine');
  assert.deepEqual(podOf(made.spec).nodeSelector, { disk: 'ssd' });
  const binding = await scene.one(roleBindings, 'stash-nightly-kubectl-stash-trigger');
  assert.deepEqual(
    binding.subjects?.map(({ name }) => name),
    ['mine'],
  );
  assert.deepEqual(
    (await scene.cluster.list(serviceAccounts, { namespace })).items.filter(({ metadata }) =>
      metadata.name.startsWith('stash'),
    ),
    [],
  );
  assert.equal(
    await scene.told('nightly', 'ConfigurationWarning'),
    'spec.runtimeSettings.container.nice is ignored',
  );

  await scene.change('nightly', { runtimeSettings: null });
  const changed = await scene.one(cronJobs, name, ({ spec }) => podOf(spec).nodeSelector === undefined);
  assert.equal(podOf(changed.spec).serviceAccountName, 'stash-nightly');
  await scene.one(
    roleBindings,
    'stash-nightly-kubectl-stash-trigger',
    ({ subjects }) => subjects?.[0]?.name === 'stash-nightly',
  );
  await scene.one(serviceAccounts, 'stash-nightly');
});

test('changes and deletions by other clients are reverted', async () => {
  await using scene = await openScene();
  await scene.workload();
  await scene.configuration('nightly');
  await scene.phase('nightly', 'Ready');
  const at = { name: 'stash-trigger-nightly', namespace };
  await scene.cluster.patch(cronJobs, at, { spec: { schedule: '0 4 * * *', failedJobsHistoryLimit: 7 } });
  const right = await scene.one(cronJobs, at.name, ({ spec }) => spec.schedule === '0 3 * * *');
  assert.equal(right.spec.failedJobsHistoryLimit, 1);
  await scene.cluster.delete(cronJobs, at);
  await scene.one(cronJobs, at.name, ({ metadata }) => metadata.uid !== right.metadata.uid);
  // ServiceAccounts are not watched: each operator checks them when it starts.
  await scene.cluster.delete(serviceAccounts, { name: 'stash-nightly', namespace });
  await scene.restart();
  await scene.one(serviceAccounts, 'stash-nightly');
});

test('a CronJob of another configuration with the same name is reported and not overwritten', async () => {
  await using scene = await openScene(undefined, 500);
  await scene.workload();
  await scene.configuration('a.b');
  await scene.phase('a.b', 'Ready');
  await scene.configuration('a-b');
  const clash = await scene.phase('a-b', 'NotReady');
  assert.equal(conditions(clash)['CronJobCreated'], 'False CronJobCreationFailed');
  assert.equal(
    await scene.told('a-b', 'CronJobCreationFailed'),
    'cronjob/stash-trigger-a-b belongs to backupconfiguration/a.b, whose CronJob has the same name; give one of the two another name',
  );
  const { metadata } = await scene.one(cronJobs, 'stash-trigger-a-b');
  assert.deepEqual(
    metadata.ownerReferences?.map(({ name }) => name),
    ['a.b'],
  );
  await scene.phase('a.b', 'Ready');

  await scene.cluster.delete(backupConfigurations, { name: 'a.b', namespace });
  await scene.phase('a-b', 'Ready');
  await scene.one(cronJobs, 'stash-trigger-a-b', (it) => it.metadata.ownerReferences?.[0]?.name === 'a-b');
});

test('a foreign CronJob and a foreign ServiceAccount are reported and not changed', async () => {
  await using scene = await openScene();
  await scene.workload();
  const cronJob = await scene.cluster.create(cronJobs, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'stash-trigger-nightly', namespace },
    spec: {
      schedule: '0 1 * * *',
      jobTemplate: {
        spec: {
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'busybox' }] } },
        },
      },
    },
  });
  await scene.cluster.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'stash-hourly', namespace },
  });
  await scene.configuration('nightly');
  await scene.configuration('hourly');
  assert.equal(
    await scene.told('nightly', 'CronJobCreationFailed'),
    'cronjob/stash-trigger-nightly exists and was not created for this configuration; delete it, or give the configuration another name',
  );
  assert.equal(
    await scene.told('hourly', 'CronJobCreationFailed'),
    'serviceaccount/stash-hourly exists and was not created for backupconfiguration/hourly',
  );
  const left = await scene.one(cronJobs, 'stash-trigger-nightly');
  assert.equal(left.metadata.resourceVersion, cronJob.metadata.resourceVersion);
  await scene.cluster.delete(cronJobs, { name: 'stash-trigger-nightly', namespace });
  await scene.cluster.delete(serviceAccounts, { name: 'stash-hourly', namespace });
  await scene.phase('nightly', 'Ready');
  await scene.phase('hourly', 'Ready');
});

test('when the API server refuses the CronJob, the condition has its message, and the operator retries', async () => {
  let refused = true;
  await using scene = await openScene((cluster) => ({
    ...cluster,
    create: async (resource, ...what) => {
      if (refused && resource.plural === 'cronjobs')
        throw new StashError('forbidden', 'quota exceeded: cronjobs');
      return cluster.create(resource, ...what);
    },
  }));
  await scene.workload();
  await scene.configuration('nightly');
  const failed = await scene.phase('nightly', 'NotReady');
  const condition = failed.status?.conditions?.find(({ type }) => type === 'CronJobCreated');
  assert.ok(condition);
  assert.equal(condition.reason, 'CronJobCreationFailed');
  assert.equal(condition.message, 'quota exceeded: cronjobs');
  refused = false;
  assert.deepEqual(conditions(await scene.phase('nightly', 'Ready')), ready);
});

test('a failed trigger Job is reported on the configuration', async () => {
  await using scene = await openScene();
  await scene.workload();
  await scene.configuration('nightly');
  await scene.phase('nightly', 'Ready');
  const cronJob = await scene.one(cronJobs, 'stash-trigger-nightly');
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const { name, uid } = cronJob.metadata;
  await scene.cluster.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata,
      name: `${name}-1`,
      namespace,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name, uid, controller: true }],
    },
    spec: { ...spec, activeDeadlineSeconds: 1 },
  });
  assert.match(
    (await scene.told('nightly', 'TriggerFailed')) ?? '',
    /^the scheduled backup did not start: job\/stash-trigger-nightly-1 failed: /,
  );
});

test('a deleted configuration remains until its sessions have ended, and is removed with its objects', async () => {
  await using scene = await openScene();
  await scene.workload();
  const { metadata } = await scene.configuration('nightly');
  await scene.phase('nightly', 'Ready');
  const session = await scene.cluster.create(backupSessions, sessionOf('nightly', metadata.uid));
  await scene.cluster.delete(backupConfigurations, { name: 'nightly', namespace });
  assert.equal(
    await scene.told('nightly', 'WaitingForSessions'),
    'waiting for backupsession/nightly-1 to end',
  );
  await scene.gone(cronJobs, 'stash-trigger-nightly');
  const { deletionTimestamp, finalizers } = (await scene.one(backupConfigurations, 'nightly')).metadata;
  assert.ok(deletionTimestamp);
  assert.deepEqual(finalizers, ['stash.appscode.com']);

  const at = { name: session.metadata.name, namespace };
  await scene.cluster.patch(backupSessions, at, { status: { phase: 'Failed' } }, { subresource: 'status' });
  await scene.gone(backupConfigurations, 'nightly');
  for (const resource of [serviceAccounts, roleBindings] as Resource[]) {
    await until(scene.cluster, resource, { namespace }, (items) =>
      items.every(({ metadata }) => !metadata.name.startsWith('stash-nightly')),
    );
  }
});

test('a recreated configuration does not take over the objects of its predecessor', async () => {
  await using scene = await openScene();
  await scene.workload();
  const first = await scene.configuration('nightly');
  await scene.phase('nightly', 'Ready');
  await scene.cluster.delete(backupConfigurations, { name: 'nightly', namespace });
  await scene.gone(backupConfigurations, 'nightly');
  const second = await scene.configuration('nightly');
  await scene.phase('nightly', 'Ready');
  for (const [resource, name] of [
    [cronJobs, 'stash-trigger-nightly'],
    [serviceAccounts, 'stash-nightly'],
    [roleBindings, 'stash-nightly-kubectl-stash-trigger'],
  ] as [Resource, string][]) {
    const { metadata } = await scene.one(resource, name);
    assert.notEqual(metadata.ownerReferences?.[0]?.uid, first.metadata.uid);
    assert.equal(metadata.ownerReferences?.[0]?.uid, second.metadata.uid);
  }
});

test('a configuration with another driver is ignored with an Event; after a change of driver it is released', async () => {
  await using scene = await openScene();
  await scene.workload();
  const before = await scene.configuration('restic', { driver: 'Restic' });
  assert.equal(
    await scene.told('restic', 'DriverNotSupported'),
    'driver Restic is not supported: this operator carries out VolumeSnapshotter only',
  );
  await scene.configuration('nightly');
  await scene.phase('nightly', 'Ready');
  await scene.change('nightly', { driver: 'Restic' });
  await scene.gone(cronJobs, 'stash-trigger-nightly');
  const changed = await scene.one(
    backupConfigurations,
    'nightly',
    ({ metadata }) => (metadata.finalizers ?? []).length === 0,
  );
  assert.equal(changed.spec.driver, 'Restic');
  const untouched = await scene.one(backupConfigurations, 'restic');
  assert.equal(untouched.metadata.resourceVersion, before.metadata.resourceVersion);
});

test('a configuration whose CronJob was refused is released after a change of driver, and can be deleted', async () => {
  const refusing = (real: Cluster): Cluster => ({
    ...real,
    create: (resource, ...a) =>
      resource.kind === 'CronJob'
        ? Promise.reject(new StashError('forbidden', 'exceeded quota: count/cronjobs.batch=0'))
        : real.create(resource, ...a),
  });
  await using scene = await openScene(refusing);
  await scene.workload();
  const session = await scene.cluster.create(backupSessions, {
    ...sessionOf('nightly', ''),
    metadata: { name: 'nightly-1', namespace, annotations: { 'stash.appscode.com/executor': 'cli-1 3' } },
  });
  await scene.configuration('nightly');
  await scene.phase('nightly', 'NotReady');
  await scene.change('nightly', { driver: 'Restic' });
  assert.equal(
    await scene.told('nightly', 'WaitingForSessions'),
    'waiting for backupsession/nightly-1 to end',
  );
  const at = { name: session.metadata.name, namespace };
  await scene.cluster.patch(backupSessions, at, { status: { phase: 'Failed' } }, { subresource: 'status' });
  await scene.one(
    backupConfigurations,
    'nightly',
    ({ metadata: { finalizers = [] } }) => finalizers.length === 0,
  );
  await scene.cluster.delete(backupConfigurations, { name: 'nightly', namespace });
  await scene.gone(backupConfigurations, 'nightly');
});

test('a claim can be the target', async () => {
  await using scene = await openScene();
  await scene.cluster.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await scene.configuration('claim', { target: { ref: { kind: 'PersistentVolumeClaim', name: 'data' } } });
  assert.deepEqual(conditions(await scene.phase('claim', 'Ready')), ready);
});

test('conditions of other controllers are kept, and lastTransitionTime changes only with the status', async () => {
  await using scene = await openScene();
  await scene.workload();
  await scene.configuration('nightly');
  const first = await scene.phase('nightly', 'Ready');
  const theirs = { type: 'Audited', status: 'True' as const, lastTransitionTime: '2026-01-01T00:00:00Z' };
  const all = { status: { conditions: [...(first.status?.conditions ?? []), theirs] } };
  await scene.cluster.patch(backupConfigurations, { name: 'nightly', namespace }, all, {
    subresource: 'status',
  });
  await scene.change('nightly', { target: { ref: { name: 'missing' } } });
  const second = await scene.phase('nightly', 'NotReady');
  assert.deepEqual(
    second.status?.conditions?.find(({ type }) => type === 'Audited'),
    theirs,
  );
  const timeOf = ({ status }: BackupConfiguration, wanted: string) =>
    status?.conditions?.find(({ type }) => type === wanted)?.lastTransitionTime;
  assert.equal(timeOf(second, 'ValidationPassed'), timeOf(first, 'ValidationPassed'));
  assert.notEqual(timeOf(second, 'BackupTargetFound'), timeOf(first, 'BackupTargetFound'));
});

function sessionOf(name: string, uid: string): BackupSession {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: `${name}-1`,
      namespace,
      ownerReferences: [
        {
          apiVersion: 'stash.appscode.com/v1beta1',
          kind: 'BackupConfiguration',
          name,
          uid,
          controller: true,
        },
      ],
    },
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name } },
  };
}
