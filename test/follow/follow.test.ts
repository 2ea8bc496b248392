import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Job, KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { WatchEvent } from '#src/cluster/port.ts';
import { followerGraceMs } from '#src/domain/session/patience.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { follow as followSession } from '#src/follow/follow.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { manualClock, type ManualClock } from '#test/support/clock.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const created = '2026-03-14T03:00:00Z';
const minute = 60_000;
const resume = 'kubectl stash snapshot deployment/app -n demo';

function session(
  executor?: string,
  status: BackupSession['status'] = { phase: 'Running' },
): Stored<BackupSession> {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: 'deploy-app-1',
      namespace: 'demo',
      uid: 'u1',
      resourceVersion: '1',
      creationTimestamp: created,
      annotations: {
        [annotation.sessionClaims]: '["data"]',
        ...(executor !== undefined && { [annotation.executor]: executor }),
      },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'deploy-app' } },
    status,
  };
}

function snapshot(readyToUse: boolean): Stored<VolumeSnapshot> {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: {
      name: 'data-1',
      namespace: 'demo',
      uid: 'v1',
      resourceVersion: '1',
      creationTimestamp: created,
      annotations: { [annotation.sessionUid]: 'u1' },
    },
    spec: { source: { persistentVolumeClaimName: 'data' } },
    status: { readyToUse },
  };
}

/** A watch whose events the test pushes. */
function channel() {
  let waiting: (() => void) | undefined;
  const events: WatchEvent<KubernetesObject>[] = [];
  let refusal: StashError | undefined;
  const wake = () => waiting?.();
  return {
    push(event: WatchEvent<KubernetesObject>) {
      events.push(event);
      wake();
    },
    refuse(error: StashError) {
      refusal = error;
      wake();
    },
    async *stream(signal: AbortSignal) {
      signal.addEventListener('abort', wake);
      while (!signal.aborted) {
        const event = events.shift();
        if (event) yield event;
        else if (refusal) throw refusal;
        else await new Promise<void>((resolve) => (waiting = resolve));
      }
    },
  };
}

/** A Job whose last pod was deleted, and which waits before it creates another. */
const nextPodComes: Stored<Job> = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    ...{ name: 'stash-vs-deploy-app-1', namespace: 'demo', uid: 'j1', resourceVersion: '1' },
    creationTimestamp: created,
  },
  status: { failed: 1 },
};

interface Scene {
  readonly clock: ManualClock;
  readonly sessions: ReturnType<typeof channel>;
  readonly snapshots: ReturnType<typeof channel>;
  readonly jobs: ReturnType<typeof channel>;
  readonly pods: ReturnType<typeof channel>;
  readonly stop: AbortController;
  readonly followed: ReturnType<typeof followSession>;
  /** The notes that the follower shows now. */
  readonly notes: () => readonly string[];
}

async function follow(
  first: Stored<BackupSession>,
  options: { endWhenDead?: boolean; snapshot?: Stored<VolumeSnapshot>; get?: () => Promise<unknown> } = {},
): Promise<Scene> {
  const clock = manualClock(created);
  const [sessions, snapshots, jobs, pods] = [channel(), channel(), channel(), channel()];
  const stop = new AbortController();
  let last: Progress | undefined;
  const { get = () => Promise.resolve(first), ...rest } = options;
  const cluster = stubCluster({
    get: () => get() as Promise<never>,
    watch: (resource, _scope, signal) => {
      const at = { backupsessions: sessions, volumesnapshots: snapshots, jobs, pods }[resource.plural];
      return (at ?? channel()).stream(signal) as AsyncIterable<WatchEvent<never>>;
    },
  });
  sessions.push({ type: 'listed', items: [first] });
  snapshots.push({ type: 'listed', items: [options.snapshot ?? snapshot(false)] });
  const followed = followSession(
    { cluster, clock, signal: stop.signal, tell: () => undefined, onChange: (progress) => (last = progress) },
    backup,
    { name: 'deploy-app-1', namespace: 'demo' },
    { timeoutMs: 10 * minute, resume, ...rest },
  );
  followed.catch(() => undefined);
  await clock.advance(0);
  return { clock, sessions, snapshots, jobs, pods, stop, followed, notes: () => last?.notes ?? [] };
}

test('notes after half a minute that an executor is silent, and how to go on', async () => {
  const { clock, sessions, followed, notes } = await follow(session('cli-1 4'));
  await clock.advance(29_000);
  assert.deepEqual(notes(), []);
  sessions.push({ type: 'changed', object: session('cli-1 5') });
  await clock.advance(29_000);
  assert.deepEqual(notes(), []);
  await clock.advance(1_000);
  assert.deepEqual(notes(), [`its executor cli-1 has shown no sign of life for 30s; to go on: ${resume}`]);
  sessions.push({ type: 'changed', object: session('cli-2 0') });
  await clock.advance(0);
  assert.deepEqual(notes(), []);
  sessions.push({ type: 'changed', object: session('cli-2 0', { phase: 'Failed' }) });
  assert.equal((await followed).progress.verdict?.outcome, 'failed');
});

test('notes that a released session has no executor', async () => {
  const { notes } = await follow(session(''));
  assert.deepEqual(notes(), [`no executor carries it out any more; to go on: ${resume}`]);
});

test('notes why the operator has not provided an executor, until it has', async () => {
  const refusal = 'job stash-vs-deploy-app-1 cannot be created: exceeded quota: few';
  const targetOf = (status: 'True' | 'False', message: string) => ({
    ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' },
    conditions: [
      {
        type: 'BackupExecutorEnsured',
        status,
        reason: `${status === 'True' ? 'SuccessfullyEnsured' : 'FailedToEnsure'}BackupExecutor`,
        message,
      },
    ],
  });
  const { clock, sessions, notes } = await follow(
    session(undefined, { phase: 'Pending', targets: [targetOf('False', refusal)] }),
  );
  assert.deepEqual(notes(), [refusal]);
  const ensured = targetOf('True', 'job stash-vs-deploy-app-1 carries the session out');
  const running = session(undefined, { phase: 'Running', targets: [ensured] });
  sessions.push({ type: 'changed', object: running });
  await clock.advance(0);
  assert.deepEqual(notes(), []);
});

test('does not ask the user to go on where the Job is about to create its next pod', async () => {
  const { clock, sessions, jobs, pods, notes } = await follow(session('stash-vs-deploy-app-1-abcde 4'));
  pods.push({ type: 'listed', items: [] });
  jobs.push({ type: 'listed', items: [nextPodComes] });
  await clock.advance(30_000);
  const next = 'job stash-vs-deploy-app-1 creates its next pod, which goes on with it';
  const waits =
    'job stash-vs-deploy-app-1 waits: its next pod has not been created yet, 1 of its pods failed';
  assert.deepEqual(notes(), [
    waits,
    `its executor stash-vs-deploy-app-1-abcde has shown no sign of life for 30s; ${next}`,
  ]);
  sessions.push({ type: 'changed', object: session('') });
  await clock.advance(0);
  assert.deepEqual(notes(), [waits, `no executor carries it out any more; ${next}`]);
  // A failed Job creates no more pods.
  const conditions = [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' } as const];
  const gaveUp: Stored<Job> = { ...nextPodComes, status: { failed: 4, conditions } };
  jobs.push({ type: 'changed', object: gaveUp });
  await clock.advance(0);
  assert.deepEqual(notes().at(-1), `no executor carries it out any more; to go on: ${resume}`);
});

test('a renewal missed over a lost connection is no sign of death', async () => {
  const { clock, sessions, followed, notes } = await follow(session('cli-1 4'), { endWhenDead: true });
  await clock.advance(20_000);
  sessions.push({ type: 'lost', why: 'cannot reach https://demo: connection refused' });
  await clock.advance(5 * minute);
  assert.deepEqual(notes(), ['cannot reach https://demo: connection refused']);
  sessions.push({ type: 'listed', items: [session('cli-1 4')] });
  await clock.advance(29_000);
  assert.deepEqual(notes(), []);
  await clock.advance(1_000);
  assert.deepEqual((await followed).ended, { dead: { id: 'cli-1', counter: 4 } });
});

test('gives an executor that lost its connection, too, time to renew again', async () => {
  const { clock, sessions, followed, notes } = await follow(session('cli-1 4'), { endWhenDead: true });
  await clock.advance(5_000);
  sessions.push({ type: 'lost', why: 'connection refused' });
  await clock.advance(58_000);
  sessions.push({ type: 'listed', items: [session('cli-1 4')] });
  await clock.advance(29_000);
  assert.deepEqual(notes(), []);
  sessions.push({ type: 'changed', object: session('cli-1 5') });
  await clock.advance(29_000);
  sessions.push({ type: 'changed', object: session('cli-1 6', { phase: 'Failed' }) });
  assert.equal((await followed).progress.verdict?.outcome, 'failed');
});

test('a renewal missed while the server answers nothing is no sign of death either', async () => {
  for (const trouble of ['silent', 'failing'] as const) {
    const answer = Promise.withResolvers<undefined>();
    let isFailing = trouble === 'failing';
    const { clock, sessions, followed, notes } = await follow(session('cli-1 4'), {
      endWhenDead: true,
      get: () => (isFailing ? Promise.reject(new StashError('server', 'etcd is away')) : answer.promise),
    });
    await clock.advance(22_000);
    const words = isFailing ? 'etcd is away' : 'the server has not answered for 2s';
    assert.deepEqual(notes(), [words]);
    await clock.advance(5 * minute);
    assert.deepEqual(notes(), [words]);
    isFailing = false;
    answer.resolve(undefined);
    await clock.advance(29_000);
    assert.deepEqual(notes(), []);
    sessions.push({ type: 'changed', object: session('cli-1 5') });
    await clock.advance(29_000);
    await clock.advance(1_000);
    assert.deepEqual((await followed).ended, { dead: { id: 'cli-1', counter: 5 } });
  }
});

test('the deadline passes while the connection is lost: every follower says that the state is unknown', async () => {
  const sessionDeadline = new Date(Date.parse(created) + minute).toISOString();
  const status = { phase: 'Running', sessionDeadline } as const;
  for (const endWhenDead of [false, true]) {
    const { clock, sessions, followed } = await follow(session('cli-1 0', status), { endWhenDead });
    sessions.push({ type: 'lost', why: 'connection refused' });
    await clock.advance(minute + followerGraceMs);
    assert.deepEqual((await followed).progress.verdict, {
      outcome: 'timed-out',
      message:
        'its deadline has passed and its state is unknown: connection refused; last seen Running; data: waiting for the snapshot controller',
    });
  }
});

test('returns the dead holder to a caller that takes over, at once where there is no holder', async () => {
  const held = await follow(session('cli-1 4'), { endWhenDead: true });
  await held.clock.advance(30_000);
  assert.deepEqual((await held.followed).ended, { dead: { id: 'cli-1', counter: 4 } });
  const free = await follow(session(), { endWhenDead: true });
  assert.deepEqual((await free.followed).ended, { dead: undefined });
});

test('a follower that would take over does not stop at the deadline while the executor renews', async () => {
  const sessionDeadline = new Date(Date.parse(created) + minute).toISOString();
  const status = { phase: 'Running', sessionDeadline } as const;
  const { clock, sessions, followed } = await follow(session('cli-1 0', status), { endWhenDead: true });
  for (let counter = 1; counter <= 20; counter += 1) {
    await clock.advance(10_000);
    sessions.push({ type: 'changed', object: session(`cli-1 ${counter}`, status) });
  }
  sessions.push({ type: 'changed', object: session('cli-1 21', { ...status, phase: 'Failed' }) });
  const { progress } = await followed;
  assert.deepEqual(
    [progress.verdict?.outcome, clock.now().getTime()],
    ['failed', Date.parse(created) + 200_000],
  );
});

test('phase Succeeded counts once the snapshots are ready', async () => {
  const { clock, snapshots, followed } = await follow(session('cli-1 4', { phase: 'Succeeded' }));
  await clock.advance(minute);
  snapshots.push({ type: 'changed', object: snapshot(true) });
  assert.deepEqual((await followed).progress.verdict, {
    outcome: 'succeeded',
    message: 'its snapshot is ready',
  });
});

test('every follower gives up a Succeeded session whose snapshots never come', async () => {
  const options = { endWhenDead: true };
  const { clock, followed } = await follow(session('cli-1 4', { phase: 'Succeeded' }), options);
  await clock.advance(11 * minute);
  assert.equal((await followed).progress.verdict?.outcome, 'timed-out');
});

test('a follower that only reads stops some time after the deadline: the session is overdue', async () => {
  const sessionDeadline = new Date(Date.parse(created) + minute).toISOString();
  const { clock, followed, notes } = await follow(session(undefined, { phase: 'Running', sessionDeadline }));
  await clock.advance(minute + followerGraceMs - 1_000);
  assert.deepEqual(notes(), []);
  await clock.advance(1_000);
  assert.deepEqual((await followed).progress.verdict, {
    outcome: 'timed-out',
    message:
      'its deadline has passed and the session is still Running; data: waiting for the snapshot controller',
  });
});

test('ends when the session is deleted; a session that never existed is not found', async () => {
  const { sessions, followed } = await follow(session('cli-1 4'));
  sessions.push({ type: 'deleted', object: session('cli-1 4') });
  assert.equal((await followed).progress.verdict?.outcome, 'deleted');

  const other = session();
  const none = await follow({ ...other, metadata: { ...other.metadata, name: 'another' } });
  await assert.rejects(none.followed, (error) => isStashError(error, 'not-found'));
});

test('ends when the Job fails; does without Jobs that it may not read', async () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...session().metadata, name: 'stash-vs-deploy-app-1' },
    status: { failed: 2, conditions: [{ type: 'Failed', status: 'True', message: 'BackoffLimitExceeded' }] },
  };
  const failed = await follow(session());
  failed.jobs.push({
    type: 'listed',
    items: [{ ...job, status: { active: 1 } } as Stored<KubernetesObject>],
  });
  await failed.clock.advance(0);
  assert.deepEqual(failed.notes(), ['job stash-vs-deploy-app-1 is running']);
  failed.jobs.push({ type: 'changed', object: job });
  assert.deepEqual((await failed.followed).progress.verdict, {
    outcome: 'failed',
    message: 'job stash-vs-deploy-app-1 failed: BackoffLimitExceeded',
    culprit: 'job/stash-vs-deploy-app-1',
  });

  const blind = await follow(session());
  blind.jobs.refuse(new StashError('forbidden', 'test may not watch jobs'));
  await blind.clock.advance(0);
  blind.sessions.push({ type: 'changed', object: session(undefined, { phase: 'Failed' }) });
  assert.equal((await blind.followed).progress.verdict?.outcome, 'failed');
});

test('rejects where the session may not be read, and when interrupted', async () => {
  const forbidden = await follow(session());
  forbidden.snapshots.refuse(new StashError('forbidden', 'test may not watch volumesnapshots'));
  await assert.rejects(forbidden.followed, /may not watch volumesnapshots/);
  const interrupted = await follow(session());
  interrupted.stop.abort();
  await assert.rejects(interrupted.followed, (error) => isStashError(error, 'interrupted'));
});
