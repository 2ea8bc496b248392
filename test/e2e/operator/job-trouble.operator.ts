/** What happens to a session whose Job, or whose Job's pods, fail. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import type { StashCondition } from '#src/api/conditions.ts';
import type { KubernetesObject, RoleBinding, Stored } from '#src/api/kubernetes.ts';
import { clusterRole } from '#src/api/operator.ts';
import {
  jobs,
  nodes,
  pods,
  resourceQuotas,
  roleBindings,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { findCondition } from '#src/domain/session/session-status.ts';
import { snapshotterJobName } from '#src/domain/workload/names.ts';
import { checkLog } from '#test/session/hooked.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';

import {
  beginSession,
  faultyClass,
  createWorkload,
  hooksRun,
  needsCluster,
  needsFaults,
  note,
  openHome,
  podOf,
  foreignJob,
  untilEnded,
  untilOne,
  untilEvent,
} from './home.ts';
import { startOperatorServer } from './operator-server.ts';
import { assertConditions, hasCondition } from './reached.ts';

const server = await startOperatorServer();
const { cluster } = server;
const skip = needsFaults(server);
const hooks = { preBackup: note('freeze'), postBackup: note('thaw') };
const job = snapshotterJobName('struck');
/** The reason to skip tests of limits if our own agent runs containers. */
const lacksLimits =
  (await cluster.list(nodes, {})).items.some(({ status }) =>
    status?.nodeInfo?.containerRuntimeVersion.startsWith('processes:'),
  ) && 'the containers of this node are processes without limits';

type Spec = Partial<BackupConfiguration['spec']>;

async function openSlow(t: TestContext, parameters: Record<string, string>, spec: Spec = {}): Promise<Place> {
  const place = await openPlace(t, server);
  const snapshotClassName = await faultyClass(t, server, place, parameters);
  await createWorkload(place, { snapshotClassName, spec: { hooks, ...spec } });
  return place;
}

function messageOf(session: Stored<BackupSession>, type: StashCondition['type']): string {
  const condition = findCondition(session, type);
  assert.equal(condition?.status, 'True', JSON.stringify(session.status));
  return condition.message ?? '';
}

/** Asserts that the application was thawed if it was quiesced. */
async function assertThawed(place: Place): Promise<void> {
  checkLog((await hooksRun(place)).trim().split(' '));
  // A snapshot that is deleted while it is being cut may stay forever: external-snapshotter then waits for
  // its content.
  await place.until(volumeSnapshots, (all) => all.every(({ status }) => status?.readyToUse === true));
}

/** Takes from the Jobs the role that lets them carry sessions out. The operator looks for it again after an hour. */
async function takeRole(place: Place): Promise<Stored<RoleBinding>> {
  const found = await place.until(roleBindings, (all) =>
    all.find(({ roleRef }) => roleRef.name === clusterRole.snapshotter),
  );
  await place.remove(roleBindings, found.metadata.name);
  return found;
}

function kind(group: string, version: string, called: string, plural: string, namespaced = true): Resource {
  return { group, version, kind: called, plural, namespaced };
}

const admission = (called: string, plural: string) =>
  kind('admissionregistration.k8s.io', 'v1', called, plural, false);
const webhooks = admission('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations');
const policies = admission('ValidatingAdmissionPolicy', 'validatingadmissionpolicies');
const policyBindings = admission('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings');

await suite('job-trouble', { concurrency: 6 }, () => {
  test(
    'a pod is evicted after all snapshots are cut: the next one continues',
    { skip: skip || needsCluster(server, 'evictions') },
    async (t) => {
      const place = await openSlow(t, { delay: '30s' });
      await beginSession(place, 'struck');
      await place.until(volumeSnapshots, ([it]) => it?.status?.creationTime);
      const { metadata } = await podOf(place, job);
      const { name: pod, namespace = '', uid } = metadata;
      await cluster.create(kind('', 'v1', 'Eviction', `pods/${pod}/eviction`), {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod, namespace },
      });
      const { status } = await untilEnded(place, 'struck');
      assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
      assert.equal((await place.list(volumeSnapshots)).length, 1);
      await assertThawed(place);
      assert(
        (await place.list(pods)).some((it) => it.metadata.name.startsWith(job) && it.metadata.uid !== uid),
      );
    },
  );

  test(
    'a pod fails: the next one carries out the session',
    { skip: needsCluster(server, 'minute to spare for the back-off of a Job') },
    async (t) => {
      const place = await openHome(t, server, { spec: { hooks } });
      const { metadata, roleRef, subjects } = await takeRole(place);
      await beginSession(place, 'struck');
      await untilOne(place, jobs, job, ({ status }) => status?.failed === 1);
      const { name, labels, ownerReferences } = metadata;
      await place.create(roleBindings, {
        ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', roleRef },
        metadata: { name, ...(labels && { labels }), ...(ownerReferences && { ownerReferences }) },
        ...(subjects && { subjects }),
      });
      const { status } = await untilEnded(place, 'struck');
      assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
      assert.equal(await hooksRun(place), 'freeze thaw');
    },
  );

  for (const [how, container, words, lacks] of [
    ['fail', {}, /exited with code 1 \(Error\).*may not get backupsessions/s, false],
    ['run out of memory', { resources: { limits: { memory: '12Mi' } } }, /OOM|memory/, lacksLimits],
  ] as const) {
    test(
      `all pods ${how}: the session fails and quotes the last one`,
      { skip: needsCluster(server, 'minute to spare for the back-off of a Job') || lacks },
      async (t) => {
        const place = await openHome(t, server, { spec: { hooks, runtimeSettings: { container } } });
        if (how === 'fail') await takeRole(place);
        await beginSession(place, 'struck');
        const session = await untilEnded(place, 'struck');
        assert.equal(session.status?.phase, 'Failed');
        assert.match(messageOf(session, 'BackupDisrupted'), words);
        assert.deepEqual(await place.list(volumeSnapshots), []);
        await place.until(jobs, (all) => all.length === 0);
      },
    );
  }

  test(
    'its Job is deleted while the application is quiesced: it is thawed, and the session fails',
    { skip },
    async (t) => {
      const place = await openSlow(t, { cutDelay: '30s' });
      await beginSession(place, 'struck');
      await place.until(volumeSnapshots, (all) => all.length === 1);
      await cluster.delete(jobs, { name: job, namespace: place.namespace }, { propagation: 'Background' });
      const session = await untilEnded(place, 'struck');
      assert.equal(session.status?.phase, 'Failed');
      assert.equal(messageOf(session, 'BackupDisrupted'), `job ${job} was deleted`);
      await assertThawed(place);
    },
  );

  test('the deadline passes: the pod thaws the application, and the session fails', { skip }, async (t) => {
    const place = await openSlow(t, { cutDelay: '30s' }, { timeOut: '10s' });
    await beginSession(place, 'struck');
    const session = await untilEnded(place, 'struck');
    assert.equal(session.status?.phase, 'Failed');
    assert.match(messageOf(session, 'DeadlineExceeded'), /^not done within 10s/);
    await assertThawed(place);
  });

  test('a pod that cannot be scheduled is reported at once', async (t) => {
    const place = await openHome(t, server, {
      spec: { timeOut: '20s', runtimeSettings: { pod: { nodeSelector: { 'kubernetes.io/os': 'plan9' } } } },
    });
    await beginSession(place, 'struck');
    assert.match(await untilEvent(place, 'struck', 'BackupWaiting'), /cannot be scheduled/);
    const session = await untilEnded(place, 'struck');
    assert.equal(session.status?.phase, 'Failed');
    assert.match(messageOf(session, 'DeadlineExceeded'), /cannot be scheduled/);
    await place.until(jobs, (all) => all.length === 0);
  });

  test('a quota prevents the Job: its creation is retried, and succeeds when the quota allows it', async (t) => {
    const place = await openHome(t, server, { spec: { hooks } });
    await place.create(resourceQuotas, {
      ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none' } },
      spec: { hard: { 'count/jobs.batch': '0' } },
    });
    await untilOne(place, resourceQuotas, 'none', ({ status }) => status?.hard !== undefined);
    await beginSession(place, 'struck');
    assert.match(await untilEvent(place, 'struck', 'FailedToEnsureBackupExecutor'), /exceeded quota/);
    await place.remove(resourceQuotas, 'none');
    assert.equal((await untilEnded(place, 'struck')).status?.phase, 'Succeeded');
    assert.equal(await hooksRun(place), 'freeze thaw');
  });

  test(
    'a webhook that does not answer prevents the Job: its creation is retried until the deadline',
    { skip: needsCluster(server, 'webhooks') },
    async (t) => {
      const place = await openHome(t, server, { spec: { hooks, timeOut: '25s' } });
      const metadata = { name: place.namespace };
      await cluster.create(webhooks, {
        ...{
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingWebhookConfiguration',
          metadata,
        },
        webhooks: [
          {
            name: 'down.example.com',
            clientConfig: { url: 'https://127.0.0.1:1/' },
            rules: [
              { apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'], operations: ['CREATE'] },
            ],
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': place.namespace } },
            failurePolicy: 'Fail',
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          },
        ],
      } as KubernetesObject);
      t.after(() => cluster.delete(webhooks, metadata));
      // No status says when the server starts to call the webhook.
      while (await isTaken(place)) await setTimeout(200);
      await beginSession(place, 'struck');
      assert.match(await untilEvent(place, 'struck', 'FailedToEnsureBackupExecutor'), /down\.example\.com/);
      const session = await untilEnded(place, 'struck');
      assert.equal(session.status?.phase, 'Failed');
      assert.match(messageOf(session, 'DeadlineExceeded'), /^not done within 25s/);
      assert(
        hasCondition(
          session.status.targets?.[0]?.conditions,
          'BackupExecutorEnsured False FailedToEnsureBackupExecutor',
        ),
      );
      assert.deepEqual(await place.list(jobs), []);
    },
  );

  test(
    'an invalid Job fails the session at once',
    { skip: needsCluster(server, 'admission policies') },
    async (t) => {
      const place = await openHome(t, server, { spec: { hooks } });
      const metadata = { name: place.namespace };
      const apiVersion = 'admissionregistration.k8s.io/v1';
      const inIt = { matchLabels: { 'kubernetes.io/metadata.name': place.namespace } };
      const rule = { apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'], operations: ['CREATE'] };
      await cluster.create(policies, {
        ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata },
        spec: {
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression: 'false', reason: 'Invalid', message: 'no Jobs here' }],
        },
      } as KubernetesObject);
      t.after(() => cluster.delete(policies, metadata));
      await cluster.create(policyBindings, {
        ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata },
        spec: {
          policyName: metadata.name,
          validationActions: ['Deny'],
          matchResources: { namespaceSelector: inIt },
        },
      } as KubernetesObject);
      t.after(() => cluster.delete(policyBindings, metadata));
      // No status says when the policy takes effect, either.
      while (await isTaken(place)) await setTimeout(200);
      await beginSession(place, 'struck');
      const { status } = await untilEnded(place, 'struck');
      assert.equal(status?.phase, 'Failed');
      assertConditions(
        status.targets?.[0]?.conditions,
        'BackupExecutorEnsured False FailedToEnsureBackupExecutor',
      );
      assert.match(JSON.stringify(status), /no Jobs here/);
      assert.deepEqual(await place.list(volumeSnapshots), []);
    },
  );
});

async function isTaken({ namespace }: Place): Promise<boolean> {
  const made = foreignJob('tried');
  const object = { ...made, metadata: { ...made.metadata, namespace } };
  return await cluster.create(jobs, object, { dryRun: true }).then(
    () => true,
    () => false,
  );
}
