/** Jobs that cannot start to carry their session out. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { clusterRole, imageRepository } from '#src/api/operator.ts';
import { backupSessions, clusterRoleBindings, jobs, pods, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { Cluster, WatchEvent } from '#src/cluster/port.ts';

import { eventually } from './eventually.ts';
import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage();
const { stage } = place;
const { cluster } = stage.sandbox;
const operator = await place.operator({ runSessions: 'in-jobs' });
after(() => place[Symbol.asyncDispose]());

const account = { serviceAccountName: 'default' };

function deadlineMessage({ status }: BackupSession): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'DeadlineExceeded')?.message;
}

test('a pod that cannot be scheduled is reported at once, and the session ends after its deadline', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home, {
    timeOut: '20s',
    runtimeSettings: { pod: { ...account, nodeSelector: { disk: 'none' } } },
  });
  await place.session(home, 's1');
  await eventually(async () =>
    (await place.told(home, 'BackupSession', 's1')).some((line) =>
      /BackupWaiting: .* cannot be scheduled: /.test(line),
    ),
  );
  const ended = await place.ended(home, 's1');
  assert.equal(ended.status?.phase, 'Failed');
  assert.match(
    deadlineMessage(ended) ?? '',
    /^not done within 20s: job stash-vs-s1: pod stash-vs-s1-\S+ cannot be scheduled: /,
  );
  assert.equal(ended.status.targets?.[0]?.ref?.name, 'app');
  await stage.until(jobs, home, (all) => all.length === 0);
  assert.deepEqual(await stage.all(volumeSnapshots, home), []);
});

test('a foreign Job of that name is not changed, and the session ends without an executor', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home);
  const foreign = await cluster.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'stash-vs-s1', namespace: home },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } },
    },
  });
  await place.session(home, 's1');
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Failed');
  assert.deepEqual(
    status.targets?.[0]?.conditions?.map(({ type, status: is, reason, message }) => [
      type,
      is,
      reason,
      message,
    ]),
    [
      [
        'BackupExecutorEnsured',
        'False',
        'FailedToEnsureBackupExecutor',
        'job stash-vs-s1 exists and was not created for this session',
      ],
    ],
  );
  const [left] = await stage.all(jobs, home);
  assert.equal(left?.metadata.uid, foreign.metadata.uid);
});

test('an image that cannot be pulled is reported at once, and the session ends after its deadline', async () => {
  await operator.stop();
  await using other = await place.operator({ runSessions: 'in-jobs', image: `${imageRepository}:v0.0.1` });
  const home = await stage.home(['data']);
  await place.configuration(home, { timeOut: '20s' });
  await place.session(home, 's1');
  const ended = await place.ended(home, 's1');
  assert.equal(ended.status?.phase, 'Failed');
  assert.match(
    deadlineMessage(ended) ?? '',
    /^not done within 20s: job stash-vs-s1: pod stash-vs-s1-\S+ cannot pull its image \((ErrImagePull|ImagePullBackOff)\): /,
  );
  for (const wanted of [
    /^Warning BackupWaiting: .* cannot pull its image/,
    /^Warning BackupFailed: not done within 20s/,
  ]) {
    await eventually(async () =>
      (await place.told(home, 'BackupSession', 's1')).some((line) => wanted.test(line)),
    );
  }
  await other.stop();
});

test('a session whose deadline passed while no operator ran is ended', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home, { timeOut: '10s' });
  await place.session(home, 's1');
  const due = place.clock.now().getTime() + 32_000;
  await eventually(() => place.clock.now().getTime() > due);
  await using other = await place.operator({ runSessions: 'in-jobs' });
  const ended = await place.ended(home, 's1');
  assert.equal(deadlineMessage(ended), 'not done within 10s: no executor started it');
  assert.deepEqual(await stage.phases(home), ['Failed']);
  await stage.until(backupSessions, home, ([session]) => session?.status?.phase === 'Failed');
  await other.stop();
});

/** Watches of pods deliver no events to the operator. */
function deafToPods(cluster: Cluster): Cluster {
  return {
    ...cluster,
    watch: (resource, scope, signal) => {
      const events = cluster.watch(resource, scope, signal);
      return resource.plural === pods.plural ? onlyListed(events) : events;
    },
  };
}

async function* onlyListed<T extends KubernetesObject>(
  events: AsyncIterable<WatchEvent<T>>,
): AsyncGenerator<WatchEvent<T>> {
  for await (const event of events) if (event.type === 'listed') yield event;
}

for (const [how, through] of [
  ['', undefined],
  [', though the watch of its pods is behind', deafToPods],
] as const) {
  test(`a Job whose pods fail ends the session Failed, with the last line of their logs${how}`, async () => {
    // These cases come last, because they set the API server's clock ahead of the operator's, and leave the Jobs
    // without permissions.
    await using other = await place.operator({ runSessions: 'in-jobs', ...(through && { through }) });
    const home = await stage.home(['data']);
    await place.configuration(home);
    for (const { metadata } of (await cluster.list(clusterRoleBindings)).items) {
      if (metadata.name === clusterRole.snapshotter) await cluster.delete(clusterRoleBindings, metadata);
    }
    await place.session(home, 's1');
    for (let failed = 1; failed <= 3; failed += 1) {
      await stage.until(jobs, home, ([job]) => (job?.status?.failed ?? 0) >= failed);
      // The Job controller creates the next pod after a backoff.
      stage.sandbox.advance(60_000);
    }
    const { status } = await place.ended(home, 's1');
    assert.equal(status?.phase, 'Failed');
    const disrupted = status.conditions?.find(({ type }) => type === 'BackupDisrupted');
    assert.match(
      disrupted?.message ?? '',
      /^job stash-vs-s1 failed: .*; pod stash-vs-s1-\S+ exited with code 1 \(Error\): .*may not get backupsessions/,
    );
    await other.stop();
  });
}
