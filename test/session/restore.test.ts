/** What can happen to a restore session while it runs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import {
  persistentVolumeClaims,
  pods,
  restoreSessions,
  storageClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { StashError } from '#src/errors.ts';
import { manualClock } from '#test/support/clock.ts';

import { fastClock, hastyClock } from './clocks.ts';
import { freezing } from './freezing.ts';
import { openStage, untilOutput, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
  await stage.storageClass('never', { fault: 'never-ready' });
});
after(() => stage.stop());

const minute = 60_000;

/** A namespace whose claims were snapshotted and then deleted. */
async function bereft(...claims: readonly string[]): Promise<string> {
  const namespace = await stage.home(claims);
  const { exit, context } = stage.play('snapshot deploy/app', { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  await stage.loseClaims(namespace, ...claims);
  return namespace;
}

async function hosts(namespace: string): Promise<unknown[]> {
  return (await stage.all(restoreSessions, namespace)).map(({ status }) => [
    status?.phase,
    status?.stats?.map(({ hostname, phase }) => [hostname, phase]),
  ]);
}

async function startPod(namespace: string, claimName: string): Promise<void> {
  await stage.cluster.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'consumer', namespace },
    spec: {
      containers: [{ name: 'app', image: 'pause', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  });
}

test('a rerun after the deadline goes on with the restore, with a new deadline', async () => {
  const namespace = await bereft('data', 'logs');
  const clock = hastyClock();
  const argv = 'restore deploy/app --executor local --timeout 5m';
  const port = freezing(stage.cluster, { write: 3, when: 'after' });
  stage.play(argv, { namespace, clock, cluster: port.cluster });
  await port.frozen;
  const [left] = await stage.all(restoreSessions, namespace);
  const later = fastClock(new Date(clock.now().getTime() + 60 * minute));
  const again = stage.play('restore deploy/app --timeout 10h', { namespace, clock: later });
  assert.equal(await again.exit, 0, again.context.stderr());
  const [session, ...others] = await stage.all(restoreSessions, namespace);
  assert.ok(session && left);
  assert.deepEqual([session.metadata.uid, others], [left.metadata.uid, []]);
  assert.equal(session.status?.phase, 'Succeeded');
  assert.ok((session.status.sessionDeadline ?? '') > (left.status?.sessionDeadline ?? ''));
  assert.equal((await stage.all(persistentVolumeClaims, namespace)).length, 2);
});

test('a claim that waits for its first consumer is Unknown, and Bound once a pod uses it', async () => {
  const namespace = await bereft('data');
  const argv = 'restore deploy/app --storage-class sandbox-wait';
  const { exit, context } = stage.play(argv, { namespace, clock: hastyClock() });
  assert.equal(await exit, 6);
  assert.match(context.stderr(), /data: waits for its first consumer: no pod uses it/);
  assert.match(context.stderr(), /kubectl stash wait restore-deploy-app-\d+ -n/);
  assert.deepEqual(await hosts(namespace), [['Unknown', [['data', 'Unknown']]]]);

  await startPod(namespace, 'data');
  const [session] = await stage.all(restoreSessions, namespace);
  const wait = stage.play(`wait ${session?.metadata.name ?? ''}`, { namespace, clock: hastyClock() });
  assert.equal(await wait.exit, 0, wait.context.stderr());
  assert.match(wait.context.stdout(), /deployment\/app restored: its claim is bound/);
});

test('without the right to read classes, events show that a claim waits for its first consumer', async () => {
  const namespace = await bereft('data');
  const cluster: Cluster = {
    ...stage.cluster,
    list: (resource, scope) =>
      resource.kind === storageClasses.kind
        ? Promise.reject(new StashError('forbidden', 'you may not list storageclasses'))
        : stage.cluster.list(resource, scope),
  };
  const argv = 'restore deploy/app --storage-class sandbox-wait';
  const { exit, context } = stage.play(argv, { namespace, clock: hastyClock(), cluster });
  assert.equal(await exit, 6, context.stderr());
  assert.match(context.stderr(), /data: waits for its first consumer: no pod uses it/);
  assert.deepEqual(await hosts(namespace), [['Unknown', [['data', 'Unknown']]]]);
});

test('waits for a claim that a pod uses', async () => {
  const namespace = await bereft('data');
  await startPod(namespace, 'data');
  const argv = 'restore deploy/app --storage-class sandbox-wait';
  const { exit, context } = stage.play(argv, { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  assert.deepEqual(await hosts(namespace), [['Succeeded', [['data', 'Succeeded']]]]);
});

test('refuses an existing claim before it writes anything', async () => {
  const namespace = await bereft('data', 'logs');
  await stage.claim(namespace, 'logs');
  const { exit, context } = stage.play('restore deploy/app', { namespace, clock: hastyClock() });
  assert.equal(await exit, 1);
  assert.match(context.stderr(), /error: claim logs exists\n/);
  assert.deepEqual(await hosts(namespace), []);
  assert.equal((await stage.all(persistentVolumeClaims, namespace)).length, 1);
});

test('does not adopt a claim that another client creates at the last moment', async () => {
  const namespace = await bereft('data', 'logs');
  const port = freezing(stage.cluster, { write: 2, when: 'before' });
  const argv = 'restore deploy/app --executor local';
  const play = stage.play(argv, { namespace, clock: hastyClock(), cluster: port.cluster });
  await port.frozen;
  await stage.claim(namespace, 'logs');
  port.thaw();
  assert.equal(await play.exit, 4);
  assert.match(play.context.stderr(), /error: .*: logs: a claim of that name exists/);
  assert.deepEqual(await hosts(namespace), [
    [
      'Failed',
      [
        ['data', 'Succeeded'],
        ['logs', 'Failed'],
      ],
    ],
  ]);
  const logs = await stage.cluster.get(persistentVolumeClaims, 'logs', namespace);
  assert.deepEqual(
    [logs.spec.dataSource, logs.metadata.annotations?.[annotation.restoreSessionUid]],
    [undefined, undefined],
  );
});

test('at the deadline, names each claim that is not bound with its last message, and leaves it', async () => {
  const namespace = await bereft('data', 'logs');
  const clock = manualClock(new Date());
  const argv = 'restore deploy/app --executor local --storage-class never';
  const play = stage.play(argv, { namespace, clock });
  await untilOutput(play, /data: .*failed to provision/, /logs: .*failed to provision/);
  await clock.advance(10 * minute);
  assert.equal(await play.exit, 5);
  assert.match(play.context.stderr(), /data, logs: not bound after 10m: .*context deadline exceeded/);
  assert.match(play.context.stderr(), /logs: not bound after 10m: .*context deadline exceeded/);
  const [session] = await stage.all(restoreSessions, namespace);
  assert.deepEqual(
    [session?.status?.phase, session?.status?.conditions?.map(({ type }) => type)],
    ['Failed', ['RestoreCompleted', 'DeadlineExceeded']],
  );
  assert.equal((await stage.all(persistentVolumeClaims, namespace)).length, 2);
});

test('does not create a claim again that was deleted while it was restored', async () => {
  const namespace = await bereft('data');
  const argv = 'restore deploy/app --storage-class never';
  const play = stage.play(argv, { namespace, clock: hastyClock() });
  await untilOutput(play, /data: .*failed to provision/);
  await stage.loseClaims(namespace, 'data');
  assert.equal(await play.exit, 4);
  assert.match(play.context.stderr(), /error: .*: data: the claim (is being|was) deleted/);
  assert.deepEqual(await stage.all(persistentVolumeClaims, namespace), []);
});

test('one creation is forbidden: the others succeed, and the session has failed', async () => {
  const namespace = await bereft('data', 'logs');
  const quota = new StashError('forbidden', 'exceeded quota: storage');
  const { exit, context } = stage.play('restore deploy/app', {
    namespace,
    clock: hastyClock(),
    cluster: {
      ...stage.cluster,
      create: (kind, object, options) =>
        object.metadata.name === 'logs' ? Promise.reject(quota) : stage.cluster.create(kind, object, options),
    },
  });
  assert.equal(await exit, 4);
  assert.match(context.stderr(), /error: .*: logs: exceeded quota: storage/);
  assert.deepEqual(await hosts(namespace), [
    [
      'Failed',
      [
        ['data', 'Succeeded'],
        ['logs', 'Failed'],
      ],
    ],
  ]);
});

test('every write fails twice, and then succeeds without an answer', async () => {
  const namespace = await bereft('data', 'logs');
  const { faults } = stage.sandbox;
  for (const [verb, plural] of [
    ['create', 'restoresessions'],
    ['patch', 'restoresessions'],
    ['create', 'persistentvolumeclaims'],
    ['patch', 'restoresessions/status'],
  ] as const) {
    faults.inject({ verb, plural, times: 2, effect: { kind: 'cut' } });
    faults.inject({ verb, plural, nth: 3, effect: { kind: 'cut-after' } });
  }
  const { exit, context } = stage.play('restore deploy/app', { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  faults.clear();
  assert.deepEqual(await hosts(namespace), [
    [
      'Succeeded',
      [
        ['data', 'Succeeded'],
        ['logs', 'Succeeded'],
      ],
    ],
  ]);
});

test('Ctrl-C stops, says how to go on, and releases the session, so that a rerun need not wait', async () => {
  const namespace = await bereft('data');
  const [snapshot] = await stage.all(volumeSnapshots, namespace);
  const from = snapshot?.metadata.annotations?.[annotation.sessionName] ?? '';
  const stop = new AbortController();
  const argv = 'restore deploy/app --storage-class sandbox-wait';
  const port = freezing(stage.cluster, { write: 3, when: 'after' });
  const play = stage.play(argv, {
    namespace,
    clock: hastyClock(),
    cluster: port.cluster,
    signal: stop.signal,
  });
  await port.frozen;
  stop.abort();
  port.thaw();
  assert.equal(await play.exit, 130);
  const again = `kubectl stash restore deployment/app -n ${namespace} --from ${from} --storage-class sandbox-wait\n`;
  assert.ok(play.context.stderr().includes(again), play.context.stderr());
  await startPod(namespace, 'data');
  const rerun = stage.play(argv, { namespace, clock: hastyClock() });
  assert.equal(await rerun.exit, 0, rerun.context.stderr());
  assert.deepEqual(await hosts(namespace), [['Succeeded', [['data', 'Succeeded']]]]);
});
