import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';

import type { CronJob, Job, JobSpec, Pod, Stored } from '#src/api/kubernetes.ts';
import { cronJobs, events, jobs, pods } from '#src/api/resources.ts';
import { listOf, text } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { connectTo, openApi } from './open-api.ts';
import { mergePatch, messageOf } from './requests.ts';

const api = await openApi();
const { cluster, advance } = api.server;
const { namespace } = api;
/** Milliseconds. Schedules are in whole minutes, and a Job takes a moment, too. */
const patience = 150_000;

/** Waits for the server's time to pass, or moves its clock forward. */
async function later(milliseconds: number): Promise<void> {
  if (advance) advance(milliseconds);
  else await setTimeout(milliseconds);
}

function template(script: string): { spec: Pod['spec'] } {
  const containers = [{ name: 'c', image: 'busybox', command: ['/bin/sh', '-c'], args: [script] }];
  return { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers } };
}

async function begin(name: string, script: string, spec: Partial<JobSpec> = {}): Promise<void> {
  const body = { metadata: { name }, spec: { template: template(script), ...spec } };
  const { code } = await api.send('POST', api.at('batch/v1', 'jobs'), body);
  assert.equal(code, 201);
}

async function untilJob(name: string, satisfied: (job: Stored<Job>) => boolean): Promise<Stored<Job>> {
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const [job] = await until(cluster, jobs, scope, ([it]) => it !== undefined && satisfied(it), patience);
  assert.ok(job);
  return job;
}

const podsOf = (name: string) => ({ namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` });
const isRunning = ({ status }: Pod) => status?.phase === 'Running';
const has =
  (type: string) =>
  ({ status }: Job): boolean =>
    status?.conditions?.some((it) => it.type === type && it.status === 'True') === true;
const conditionsOf = ({ status }: Job) =>
  status?.conditions?.map(({ type, reason, message }) => [type, reason, message]);

test('a Job that succeeds', async () => {
  await begin('good', 'true');
  const job = await untilJob('good', has('Complete'));
  const { startTime, completionTime, conditions, ...counts } = job.status ?? {};
  assert.ok(startTime !== undefined && completionTime !== undefined && conditions);
  assert.deepEqual(counts, { succeeded: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
  const why = ['CompletionsReached', 'Reached expected number of succeeded pods'];
  assert.deepEqual(conditionsOf(job), [
    ['SuccessCriteriaMet', ...why],
    ['Complete', ...why],
  ]);
  const { template: podTemplate, selector, ...spec } = job.spec ?? {};
  assert.equal(podTemplate?.spec.containers.length, 1);
  assert.deepEqual(spec, {
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    completions: 1,
    manualSelector: false,
    parallelism: 1,
    podReplacementPolicy: 'TerminatingOrFailed',
    suspend: false,
  });
  const { uid } = job.metadata;
  assert.deepEqual(selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': 'good',
    'controller-uid': uid,
    'job-name': 'good',
  };
  assert.deepEqual(job.metadata.labels, labels);
  const [pod] = await until(cluster, pods, podsOf('good'), ([it]) => it?.metadata.finalizers === undefined);
  assert.deepEqual(pod?.metadata.labels, labels);
  assert.equal(pod.status?.phase, 'Succeeded');
  const seen = await until(cluster, events, { namespace }, (all) =>
    all.some((it) => it.involvedObject.name === 'good' && it.reason === 'Completed'),
  );
  assert.deepEqual(
    seen.filter((it) => it.involvedObject.name === 'good').map(({ message }) => message),
    [`Created pod: ${pod.metadata.name}`, 'Job completed'],
  );
});

test('a Job whose pods fail', async () => {
  await begin('bad', 'exit 1', { backoffLimit: 1 });
  await untilJob('bad', ({ status }) => status?.failed === 1);
  await later(10_000);
  const job = await untilJob('bad', has('Failed'));
  assert.equal(job.status?.failed, 2);
  const why = ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
  assert.deepEqual(conditionsOf(job), [
    ['FailureTarget', ...why],
    ['Failed', ...why],
  ]);
});

test('a Job that exceeds its deadline', async () => {
  await begin('slow', 'exec sleep 3000', { activeDeadlineSeconds: 3 });
  await until(cluster, pods, podsOf('slow'), (all) => all.some(isRunning));
  await later(3000);
  const job = await untilJob('slow', has('Failed'));
  const why = ['DeadlineExceeded', 'Job was active longer than specified deadline'];
  assert.deepEqual(conditionsOf(job), [
    ['FailureTarget', ...why],
    ['Failed', ...why],
  ]);
  assert.equal(job.status?.failed, 1);
  await until(cluster, pods, podsOf('slow'), (all) => all.length === 0);
});

test('a deleted pod counts as failed, and with policy Failed is replaced only after it has ended', async () => {
  await begin('deleted', 'exec sleep 3000', { podReplacementPolicy: 'Failed', backoffLimit: 0 });
  const [pod] = await until(cluster, pods, podsOf('deleted'), (all) => all.some(isRunning));
  await cluster.delete(pods, { name: pod?.metadata.name ?? '', namespace });
  const job = await untilJob('deleted', has('Failed'));
  assert.equal(job.status?.failed, 1);
});

test('deleting a Job deletes its pods', async () => {
  await begin('gone', 'exec sleep 3000');
  await until(cluster, pods, podsOf('gone'), (all) => all.some(isRunning));
  await cluster.delete(jobs, { name: 'gone', namespace }, { propagation: 'Background' });
  await until(cluster, pods, podsOf('gone'), (all) => all.length === 0);
});

test('the pods of a finished Job stay with their final status until the Job is deleted', async () => {
  for (const [name, script, end, phase] of [
    ['fine', 'true', 'Complete', 'Succeeded'],
    ['broken', 'exit 1', 'Failed', 'Failed'],
  ] as const) {
    await begin(name, script, { backoffLimit: 0 });
    await untilJob(name, has(end));
    const isSo = ([it]: Stored<Pod>[]) => it?.status?.phase === phase && it.metadata.finalizers === undefined;
    const [pod] = await until(cluster, pods, podsOf(name), isSo);
    assert.equal(pod?.metadata.deletionTimestamp, undefined);
    assert.ok(pod?.spec.nodeName);
    await cluster.delete(jobs, { name, namespace }, { propagation: 'Background' });
    await until(cluster, pods, podsOf(name), (all) => all.length === 0, patience);
  }
});

test('a pod exists until its Job has counted it', async () => {
  await begin('tracked', 'exec sleep 3000');
  const [pod] = await until(cluster, pods, podsOf('tracked'), (all) => all.some(isRunning), patience);
  assert.deepEqual(pod?.metadata.finalizers, ['batch.kubernetes.io/job-tracking']);
  await cluster.delete(jobs, { name: 'tracked', namespace }, { propagation: 'Background' });
  await until(cluster, pods, podsOf('tracked'), (all) => all.length === 0, patience);
});

test('a finished Job and its pods are deleted after its time to live', async () => {
  await begin('short', 'true', { ttlSecondsAfterFinished: 5 });
  await untilJob('short', has('Complete'));
  await later(5000);
  const scope = { namespace, fieldSelector: 'metadata.name=short' };
  await until(cluster, jobs, scope, (all) => all.length === 0, patience);
  await until(cluster, pods, podsOf('short'), (all) => all.length === 0, patience);
});

test('deleting a Job without a propagation policy leaves its pods', async () => {
  await begin('left', 'true');
  await untilJob('left', has('Complete'));
  const answer = await api.send('DELETE', api.at('batch/v1', 'jobs', 'left'));
  assert.deepEqual(answer.body['metadata']?.['finalizers'], ['orphan']);
  const warning =
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or ' +
    'set propagationPolicy=Orphan to suppress this warning';
  assert.equal(answer.headers['warning'], `299 - ${JSON.stringify(warning)}`);
  const scope = { namespace, fieldSelector: 'metadata.name=left' };
  await until(cluster, jobs, scope, (all) => all.length === 0);
  const { items } = await cluster.list(pods, podsOf('left'));
  assert.deepEqual(
    items.map(({ metadata, status }) => [metadata.ownerReferences, status?.phase]),
    [[undefined, 'Succeeded']],
  );
});

test('a suspended Job runs no pod until it is resumed', async () => {
  await begin('paused', 'true', { suspend: true });
  const asleep = await untilJob('paused', has('Suspended'));
  assert.equal(asleep.status?.startTime, undefined);
  assert.deepEqual((await cluster.list(pods, podsOf('paused'))).items, []);
  await api.send('PATCH', api.at('batch/v1', 'jobs', 'paused'), { spec: { suspend: false } }, mergePatch);
  const job = await untilJob('paused', has('Complete'));
  const resumed = job.status?.conditions?.find(({ type }) => type === 'Suspended');
  assert.deepEqual([resumed?.status, resumed?.reason], ['False', 'JobResumed']);
});

test('a CronJob creates a Job when it is due', async () => {
  await api.send('POST', api.at('batch/v1', 'cronjobs'), {
    metadata: { name: 'tick' },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: template('true') } } },
  });
  await later(advance ? 60_000 : 0);
  const scope = { namespace, fieldSelector: 'metadata.name=tick' };
  const satisfied = ([it]: Stored<CronJob>[]): boolean => it?.status?.lastSuccessfulTime !== undefined;
  const [cronJob] = await until(cluster, cronJobs, scope, satisfied, patience);
  assert.ok(cronJob);
  const { metadata, spec, status } = cronJob;
  await api.send('PATCH', api.at('batch/v1', 'cronjobs', 'tick'), { spec: { suspend: true } }, mergePatch);
  const { schedule, jobTemplate, ...defaults } = spec;
  assert.equal(jobTemplate.spec.template.spec.restartPolicy, 'Never');
  assert.deepEqual(defaults, {
    concurrencyPolicy: 'Allow',
    failedJobsHistoryLimit: 1,
    successfulJobsHistoryLimit: 3,
    suspend: false,
  });
  assert.equal(schedule, '* * * * *');
  const due = Date.parse(status?.lastScheduleTime ?? '');
  const { metadata: job } = await cluster.get(jobs, `tick-${due / 60_000}`, namespace);
  const stamp = job.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '';
  assert.equal(Date.parse(stamp), due);
  assert.deepEqual(job.ownerReferences, [
    {
      apiVersion: 'batch/v1',
      blockOwnerDeletion: true,
      controller: true,
      kind: 'CronJob',
      name: 'tick',
      uid: metadata.uid,
    },
  ]);
  await cluster.delete(cronJobs, { name: 'tick', namespace }, { propagation: 'Background' });
  await until(cluster, jobs, { namespace }, (all) =>
    all.every((it) => !it.metadata.name.startsWith('tick-')),
  );
});

test('what the server rejects', async () => {
  const jobWith = (spec: object) => ['jobs', { template: template('true'), ...spec }] as const;
  const cronJobWith = (spec: object) =>
    [
      'cronjobs',
      { schedule: '@hourly', jobTemplate: { spec: { template: template('true') } }, ...spec },
    ] as const;
  const always = { spec: { ...template('true').spec, restartPolicy: 'Always' } };
  const rows: [string, readonly [string, object], string][] = [
    [
      'always',
      jobWith({ template: always }),
      'Job.batch "always" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'negative',
      jobWith({ backoffLimit: -1 }),
      'Job.batch "negative" is invalid: spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'three',
      cronJobWith({ schedule: '* * *' }),
      'CronJob.batch "three" is invalid: spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
    ],
    [
      'seconds',
      cronJobWith({ schedule: '0 * * * * *' }),
      'CronJob.batch "seconds" is invalid: spec.schedule: Invalid value: "0 * * * * *": expected exactly 5 fields, found 6: [0 * * * * *]',
    ],
    [
      'beyond',
      cronJobWith({ schedule: '60 * * * *' }),
      'CronJob.batch "beyond" is invalid: spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60',
    ],
    [
      'mars',
      cronJobWith({ timeZone: 'Mars/Phobos' }),
      'CronJob.batch "mars" is invalid: spec.timeZone: Invalid value: "Mars/Phobos": unknown time zone Mars/Phobos',
    ],
  ];
  for (const [name, [plural, spec], message] of rows) {
    const answer = await api.send('POST', api.at('batch/v1', plural), { metadata: { name }, spec });
    assert.deepEqual([answer.code, messageOf(answer)], [422, message]);
  }
  for (const schedule of ['*/5 * * * *', '0 3 * * mon-fri', '5/15 0,12 1-7 JAN ?', '@daily']) {
    const body = { metadata: { name: 'fine' }, spec: cronJobWith({ schedule })[1] };
    const path = `${api.at('batch/v1', 'cronjobs')}?dryRun=All`;
    assert.equal((await api.send('POST', path, body)).code, 201, schedule);
  }
});

test('the pod template of a Job is immutable', async () => {
  for (const [name, suspend, field] of [
    ['fixed', false, 'spec.template'],
    ['asleep', true, 'spec.template.spec'],
  ] as const) {
    await begin(name, 'exec sleep 3000', { suspend });
    const change = { spec: { template: template('false') } };
    const { code, body } = await api.send('PATCH', api.at('batch/v1', 'jobs', name), change, mergePatch);
    assert.equal(code, 422);
    const causes = listOf(body['details']?.['causes']);
    assert.deepEqual(
      causes.map((cause) => text(cause['field'])),
      [field],
    );
    assert.match(text(causes[0]?.['message']), /: field is immutable$/);
  }
});

test('a token of a service account', async (t) => {
  const accounts = api.at('v1', 'serviceaccounts');
  await until(
    cluster,
    { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true },
    { namespace },
    (all) => all.some(({ metadata }) => metadata.name === 'default'),
  );
  await api.send('POST', accounts, { metadata: { name: 'robot' } });
  const asked = await api.send('POST', `${accounts}/robot/token`, { spec: { expirationSeconds: 3600 } });
  assert.equal(asked.code, 201);
  assert.equal(asked.body['spec']?.['expirationSeconds'], 3600);
  assert.ok(Date.parse(text(asked.body['status']?.['expirationTimestamp'])) > 0);
  const token = text(asked.body['status']?.['token']);
  const robot = await connectTo(api.server.kubeconfig, { token });
  t.after(() => {
    robot.close();
  });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const { body } = await robot.send('POST', path, review);
  const user = body['status']?.['userInfo'];
  assert.deepEqual(
    [text(user?.['username']), listOf(user?.['groups'])],
    [
      `system:serviceaccount:${namespace}:robot`,
      ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    ],
  );
  const missing = await api.send('POST', `${accounts}/none/token`, {});
  assert.deepEqual([missing.code, messageOf(missing)], [404, 'serviceaccounts "none" not found']);
  const brief = await api.send('POST', `${accounts}/robot/token`, { spec: { expirationSeconds: 60 } });
  const why = 'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes';
  assert.equal(brief.code, 422);
  assert.ok(messageOf(brief).endsWith(why), messageOf(brief));
});

test('a pod with a missing service account', async () => {
  const spec = { ...template('true').spec, serviceAccountName: 'none' };
  const answer = await api.send('POST', api.at('v1', 'pods'), { metadata: { name: 'p' }, spec });
  const why = `error looking up service account ${namespace}/none: serviceaccount "none" not found`;
  assert.deepEqual([answer.code, messageOf(answer)], [403, `pods "p" is forbidden: ${why}`]);
});
