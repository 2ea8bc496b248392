import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Job, JobSpec, Pod, Stored } from '#src/api/kubernetes.ts';
import { jobs, pods } from '#src/api/resources.ts';

import { startCluster } from './running-cluster.ts';

const running = await startCluster();

const here = (name: string) => ({ name, namespace: 'default' });

async function run(
  name: string,
  script: string,
  { restartPolicy = 'Never', ...spec }: Partial<JobSpec> & { restartPolicy?: 'Never' | 'OnFailure' } = {},
): Promise<Stored<Job>> {
  const containers = [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }];
  return running.cluster.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: here(name),
    spec: { template: { spec: { restartPolicy, terminationGracePeriodSeconds: 5, containers } }, ...spec },
  });
}

const conditionOf = (job: Job | undefined, type: string) =>
  job?.status?.conditions?.find((it) => it.type === type && it.status === 'True');
const has = (type: string) => (job: Job | undefined) => conditionOf(job, type) !== undefined;

async function podsOf(name: string): Promise<Stored<Pod>[]> {
  const { items } = await running.cluster.list(pods, {
    labelSelector: `batch.kubernetes.io/job-name=${name}`,
  });
  return items;
}

const anyPodOf = (name: string, satisfies: (pod: Stored<Pod>) => boolean) =>
  running.untilAll(pods, (all) =>
    all.some((pod) => pod.metadata.labels?.['job-name'] === name && satisfies(pod)),
  );
const isRunning = ({ status }: Pod) => status?.phase === 'Running';

test('a Job runs one pod to its end', async () => {
  const { metadata, spec } = await run('good', 'echo done');
  const uid = metadata.uid;
  assert.deepEqual(spec?.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
  const { status } = await running.until(jobs, 'good', has('Complete'));
  assert.deepEqual(
    { ...status, conditions: status?.conditions?.map(({ type, reason }) => `${type}: ${reason ?? ''}`) },
    {
      conditions: ['SuccessCriteriaMet: CompletionsReached', 'Complete: CompletionsReached'],
      startTime: status?.startTime,
      completionTime: status?.completionTime,
      succeeded: 1,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    },
  );
  const [pod, ...others] = await podsOf('good');
  assert.deepEqual(others, []);
  assert.match(pod?.metadata.name ?? '', /^good-.{5}$/);
  assert.deepEqual(pod?.metadata.labels, {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': 'good',
    'controller-uid': uid,
    'job-name': 'good',
  });
  await running.untilAll(pods, (all) => all.every((it) => it.metadata.finalizers === undefined));
  assert.deepEqual(await running.eventsOf('good', 'Completed'), [
    `SuccessfulCreate: Created pod: ${pod.metadata.name}`,
    'Completed: Job completed',
  ]);
});

test('failed pods are replaced with increasing delay, up to the limit', async () => {
  await run('bad', 'exit 3', { backoffLimit: 2 });
  for (const [failures, backoff] of [
    [1, 10_000],
    [2, 20_000],
  ] as const) {
    await running.until(jobs, 'bad', (job) => job?.status?.failed === failures);
    await running.advance(backoff - 5000);
    assert.equal((await podsOf('bad')).length, failures);
    await running.advance(5000);
  }
  const job = await running.until(jobs, 'bad', has('Failed'));
  assert.equal(job.status?.failed, 3);
  const { reason, message } = conditionOf(job, 'Failed') ?? {};
  assert.deepEqual(
    [reason, message],
    ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
  );
  assert.deepEqual(
    (await running.eventsOf('bad', 'BackoffLimitExceeded')).at(-1),
    'BackoffLimitExceeded: Job has reached the specified backoff limit',
  );
});

test('OnFailure: the container is restarted in its pod, up to the limit', async () => {
  await run('again', 'exit 3', { backoffLimit: 1, restartPolicy: 'OnFailure' });
  const job = await running.until(jobs, 'again', has('Failed'));
  assert.equal(conditionOf(job, 'Failed')?.reason, 'BackoffLimitExceeded');
  await running.untilAll(pods, (all) => all.every((pod) => pod.metadata.labels?.['job-name'] !== 'again'));
});

test('a Job that exceeds its deadline fails, and its pods are deleted', async () => {
  await run('slow', 'exec sleep 3000', { activeDeadlineSeconds: 60 });
  await anyPodOf('slow', isRunning);
  await running.advance(61_000);
  const job = await running.until(jobs, 'slow', has('Failed'));
  const { reason, message } = conditionOf(job, 'Failed') ?? {};
  assert.deepEqual([reason, message], ['DeadlineExceeded', 'Job was active longer than specified deadline']);
  assert.equal(job.status?.failed, 1);
  assert.deepEqual(await podsOf('slow'), []);
});

test('podReplacementPolicy Failed: a deleted pod is replaced only after it has ended', async () => {
  const lingering = 'trap "sleep 0.3; exit 1" TERM; while :; do sleep 0.05; done';
  await run('careful', lingering, { podReplacementPolicy: 'Failed' });
  await anyPodOf('careful', isRunning);
  const [first] = await podsOf('careful');
  assert.ok(first);
  await running.cluster.delete(pods, first.metadata);
  const leaving = await running.until(jobs, 'careful', (job) => job?.status?.['terminating'] === 1);
  assert.deepEqual([leaving.status?.active, leaving.status?.failed], [undefined, undefined]);
  await running.advance(60_000);
  assert.deepEqual(
    (await podsOf('careful')).map(({ metadata }) => metadata.name),
    [first.metadata.name],
  );
  await running.until(jobs, 'careful', (job) => job?.status?.failed === 1);
  await running.advance(10_000);
  const replaced = await running.until(jobs, 'careful', (job) => job?.status?.active === 1);
  assert.equal(replaced.status?.failed, 1);
  await running.cluster.delete(jobs, here('careful'), { propagation: 'Background' });
  await running.untilAll(pods, (all) => all.every((pod) => pod.metadata.labels?.['job-name'] !== 'careful'));
});

test('a suspended Job runs no pod, and its start time is reset', async () => {
  await run('paused', 'exec sleep 3000', { suspend: true });
  const asleep = await running.until(jobs, 'paused', has('Suspended'));
  assert.equal(asleep.status?.startTime, undefined);
  assert.deepEqual(await podsOf('paused'), []);
  await running.cluster.patch(jobs, here('paused'), { spec: { suspend: false } });
  await anyPodOf('paused', isRunning);
  await running.cluster.patch(jobs, here('paused'), { spec: { suspend: true } });
  const again = await running.until(
    jobs,
    'paused',
    (job) => has('Suspended')(job) && job?.status?.active === undefined,
  );
  assert.equal(again.status?.failed, undefined);
  const events = await running.eventsOf('paused', 'SuccessfulDelete');
  assert.deepEqual(
    events.map((event) => event.replace(/-.{5}$/, '')),
    [
      'Suspended: Job suspended',
      'SuccessfulCreate: Created pod: paused',
      'Resumed: Job resumed',
      'SuccessfulDelete: Deleted pod: paused',
    ],
  );
});

test('a finished Job and its pods are deleted after its time to live', async () => {
  await run('brief', 'exit 0', { ttlSecondsAfterFinished: 100 });
  await running.until(jobs, 'brief', has('Complete'));
  await running.advance(50_000);
  assert.equal((await podsOf('brief')).length, 1);
  await running.advance(51_000);
  await running.gone(jobs, 'brief');
  assert.deepEqual(await podsOf('brief'), []);
});

test('completions and parallelism', async () => {
  await run('many', 'exit 0', { completions: 5, parallelism: 2 });
  const { status } = await running.until(jobs, 'many', has('Complete'));
  assert.equal(status?.succeeded, 5);
});

test('an Event reports a pod that cannot be created, and it is created once it can be', async () => {
  const { cluster } = running;
  const containers = [{ name: 'main', image: 'busybox', command: ['sh', '-c', 'exit 0'] }];
  await cluster.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: here('early'),
    spec: { template: { spec: { restartPolicy: 'Never', serviceAccountName: 'late', containers } } },
  });
  const [event] = await running.eventsOf('early', 'FailedCreate');
  assert.match(
    event ?? '',
    /error looking up service account default\/late: serviceaccount "late" not found/,
  );
  await cluster.create(
    { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: here('late') },
  );
  await running.until(jobs, 'early', has('Complete'));
});
