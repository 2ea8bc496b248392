/** Tidying up after a session's end, against a server. */
import assert from 'node:assert/strict';
import { placeholderSchedule } from '#src/domain/backup/placeholder.ts';
import { after, before, test } from 'node:test';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { tidyUp, type Tidied, type TidyOptions } from '#src/session/after/tidy.ts';

import { appConfiguration } from './app-objects.ts';
import { fastClock, hastyClock } from './clocks.ts';
import { openStage, type Stage } from './stage.ts';

const minute = 60_000;
let time = Date.parse('2026-03-14T03:00:00Z');
let stage: Stage;

before(async () => {
  stage = await openStage(() => new Date(time));
});
after(() => stage.stop());

type Spec = Partial<BackupConfiguration['spec']>;

const keepLastTwo = { name: 'last-two', prune: true, keepLast: 2 };

interface Scene {
  readonly namespace: string;
  readonly configuration: Stored<BackupConfiguration>;
  /** The last session, as it was before tidying up. */
  readonly session: Stored<BackupSession>;
}

/** Runs so many sessions of two claims, a minute apart, without tidying up; then sets the configuration's `spec`. */
async function scene(count: number, spec: Spec): Promise<Scene> {
  const namespace = await stage.home(['data', 'logs']);
  const { cluster } = stage.sandbox;
  const untidied = { schedule: placeholderSchedule, paused: true, backupHistoryLimit: 100 };
  await cluster.create(backupConfigurations, appConfiguration({ name: 'nightly', namespace }, untidied));
  for (let taken = 0; taken < count; taken += 1) {
    const { code, stderr } = await scheduled(namespace);
    assert.equal(code, 0, stderr);
  }
  const configuration = await cluster.patch(backupConfigurations, { name: 'nightly', namespace }, { spec });
  const [last] = (await sessions(namespace)).toReversed();
  assert.ok(last);
  const session = await write(last, { conditions: null });
  return { namespace, configuration, session };
}

async function snapshot(namespace: string, flags = '') {
  time += minute;
  const argv = `snapshot deploy/app --executor local${flags}`;
  const { exit, context } = stage.play(argv, { namespace, clock: hastyClock(new Date(time)) });
  return { code: await exit, stderr: context.stderr() };
}

/** Carries out a session that the schedule began. */
async function scheduled(namespace: string, flags = '') {
  await begin(namespace, hastyClock(new Date(time + minute)));
  return snapshot(namespace, flags);
}

/** Begins a session as the schedule's Job does. */
async function begin(namespace: string, clock: Clock): Promise<void> {
  const argv = 'operator create-backupsession --invoker-name nightly';
  const { exit, context } = stage.play(argv, { namespace, clock });
  assert.equal(await exit, 0, context.stderr());
}

async function sessions(namespace: string): Promise<Stored<BackupSession>[]> {
  const all = await stage.all(backupSessions, namespace);
  return all.sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
}

function write({ metadata }: Stored<BackupSession>, status: object): Promise<Stored<BackupSession>> {
  const at = { name: metadata.name, namespace: metadata.namespace };
  return stage.sandbox.cluster.patch(backupSessions, at, { status }, { subresource: 'status' });
}

function tidy(
  scene: Scene,
  {
    cluster = stage.cluster,
    signal = new AbortController().signal,
    ...options
  }: TidyOptions & {
    cluster?: Cluster;
    signal?: AbortSignal;
  } = {},
): Promise<Tidied> {
  return tidyUp(
    { cluster, clock: fastClock(new Date(time), 20), signal, tell: () => undefined },
    scene,
    options,
  );
}

/** The snapshots without a deletionTimestamp; the driver takes its time with the others. */
async function snapshotsLeft(namespace: string): Promise<Stored<VolumeSnapshot>[]> {
  const all = await stage.all(volumeSnapshots, namespace);
  return all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** The minute of each snapshot's restore point. */
async function minutesLeft(namespace: string): Promise<number[]> {
  const first = (await minutesOf(namespace))[0] ?? 0;
  return (await minutesOf(namespace)).map((at) => (at - first) / minute);
}

async function minutesOf(namespace: string): Promise<number[]> {
  const all = await snapshotsLeft(namespace);
  return all.map(({ metadata }) => Date.parse(metadata.creationTimestamp)).sort((a, b) => a - b);
}

async function count(namespace: string): Promise<{ snapshots: number; sessions: number }> {
  const [made, left] = await Promise.all([snapshotsLeft(namespace), sessions(namespace)]);
  return { snapshots: made.length, sessions: left.length };
}

async function conditions({ namespace, session }: Scene): Promise<Record<string, string>> {
  const found = (await sessions(namespace)).find(({ metadata }) => metadata.uid === session.metadata.uid);
  const all = found?.status?.conditions ?? [];
  return Object.fromEntries(all.map(({ type, status, reason = '' }) => [type, `${status} ${reason}`]));
}

const done = {
  RetentionPolicyApplied: 'True SuccessfullyAppliedRetentionPolicy',
  BackupHistoryCleaned: 'True SuccessfullyCleanedBackupHistory',
};

test('after a success: applies the policy, then the history limit, and records both', async () => {
  const here = await scene(4, { retentionPolicy: keepLastTwo, backupHistoryLimit: 3 });
  const before = await stage.all(volumeSnapshots, here.namespace);
  const foreign = await stage.sandbox.cluster.create(volumeSnapshots, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name: 'by-hand', namespace: here.namespace, labels: before[0]?.metadata.labels ?? {} },
    spec: { source: { persistentVolumeClaimName: 'data' } },
  });
  const tidied = await tidy(here);
  assert.deepEqual(tidied.notes, []);
  assert.equal(tidied.deleted.snapshots.length, 4);
  assert.deepEqual(await count(here.namespace), { snapshots: 5, sessions: 3 });
  const left = await snapshotsLeft(here.namespace);
  assert.ok(left.some(({ metadata }) => metadata.uid === foreign.metadata.uid));
  assert.deepEqual(await conditions(here), done);
  // Restore points outlive their sessions.
  assert.ok(left.every(({ metadata }) => (metadata.ownerReferences ?? []).length === 0));
});

test("does not repeat what the session's conditions record", async () => {
  const here = await scene(3, { retentionPolicy: keepLastTwo, backupHistoryLimit: 3 });
  await tidy(here);
  const [session] = (await sessions(here.namespace)).toReversed();
  assert.ok(session);
  const spec = {
    ...here.configuration.spec,
    retentionPolicy: { ...keepLastTwo, keepLast: 1 },
    backupHistoryLimit: 1,
  };
  const again = await tidy({ ...here, session, configuration: { ...here.configuration, spec } });
  assert.deepEqual(again, { conditions: [], deleted: { snapshots: [], sessions: [] }, notes: [] });
  assert.deepEqual(await count(here.namespace), { snapshots: 4, sessions: 3 });
});

test('ignores a policy that keeps all', async () => {
  const here = await scene(2, { retentionPolicy: { name: 'all', prune: true }, backupHistoryLimit: 5 });
  await tidy(here);
  assert.deepEqual(await conditions(here), { BackupHistoryCleaned: done.BackupHistoryCleaned });
});

for (const [name, more] of [
  ['prune: false', { prune: false }],
  ['dryRun: true', { dryRun: true }],
] as const) {
  test(`${name} deletes nothing, and says so`, async () => {
    const here = await scene(3, { retentionPolicy: { ...keepLastTwo, ...more } });
    const { conditions: said } = await tidy(here);
    assert.match(said[0]?.message ?? '', /^last-two: 4 snapshots stay; .*nothing is deleted: .* would go$/);
    assert.equal((await count(here.namespace)).snapshots, 6);
    assert.deepEqual(await conditions(here), done);
  });
}

test('an invalid policy is reported, and deletes nothing', async () => {
  const here = await scene(3, {});
  const spec = { ...here.configuration.spec, retentionPolicy: { ...keepLastTwo, keepDaily: -1 } };
  const { notes } = await tidy({ ...here, configuration: { ...here.configuration, spec } });
  assert.match(notes.join('\n'), /^last-two: retentionPolicy.keepDaily is -1; .*$/);
  assert.equal((await conditions(here))['RetentionPolicyApplied'], 'False FailedToApplyRetentionPolicy');
  assert.equal((await count(here.namespace)).snapshots, 6);
});

for (const phase of ['Failed', 'Skipped', 'Unknown'] as const) {
  test(`after a session that is ${phase} deletes sessions, but no snapshots`, async () => {
    const here = await scene(3, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
    const session = await write(here.session, { phase });
    await tidy({ ...here, session });
    assert.deepEqual(await count(here.namespace), { snapshots: 6, sessions: 1 });
    assert.deepEqual(await conditions(here), { BackupHistoryCleaned: done.BackupHistoryCleaned });
  });
}

test("does nothing before the session's end", async () => {
  const here = await scene(3, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
  const session = await write(here.session, { phase: 'Running' });
  await tidy({ ...here, session });
  assert.deepEqual(await count(here.namespace), { snapshots: 6, sessions: 3 });
  assert.deepEqual(await conditions(here), {});
});

test('keeps the session itself, even with a history limit of 0', async () => {
  const here = await scene(2, { backupHistoryLimit: 0 });
  await tidy(here);
  assert.deepEqual(
    (await sessions(here.namespace)).map(({ metadata }) => metadata.uid),
    [here.session.metadata.uid],
  );
});

test('does not list sessions that the caller passes', async () => {
  const here = await scene(3, { backupHistoryLimit: 1 });
  await tidy(here, { sessions: (await sessions(here.namespace)).slice(1) });
  assert.equal((await sessions(here.namespace)).length, 2);
});

test("deletes nothing where the session's own restore point is no longer complete", async () => {
  const here = await scene(3, { retentionPolicy: { ...keepLastTwo, keepLast: 1 } });
  const [newest] = (await stage.all(volumeSnapshots, here.namespace))
    .filter(({ spec }) => spec.source.persistentVolumeClaimName === 'logs')
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp));
  assert.ok(newest);
  const { name, namespace } = newest.metadata;
  await stage.sandbox.cluster.delete(volumeSnapshots, { name, namespace });
  await stage.until(volumeSnapshots, here.namespace, (all) => all.length === 5);
  const { notes } = await tidy(here);
  assert.match(notes.join('\n'), /is no longer complete: nothing is deleted/);
  assert.deepEqual(await minutesLeft(here.namespace), [0, 0, 1, 1, 2]);
  assert.equal((await conditions(here))['RetentionPolicyApplied'], 'False FailedToApplyRetentionPolicy');
});

test('keeps what other clients write to the session meanwhile', async () => {
  const here = await scene(2, { retentionPolicy: keepLastTwo });
  const other = {
    lastTransitionTime: '2026-03-14T03:00:00Z',
    type: 'BackupExecutorEnsured',
    status: 'True',
    reason: 'SuccessfullyEnsuredBackupExecutor',
  };
  // `here.session` is older than that.
  await write(here.session, { conditions: [other], nextRetry: '2026-03-14T04:00:00Z' });
  await tidy(here);
  assert.deepEqual(await conditions(here), {
    BackupExecutorEnsured: 'True SuccessfullyEnsuredBackupExecutor',
    ...done,
  });
  assert.equal((await sessions(here.namespace)).at(-1)?.status?.nextRetry, '2026-03-14T04:00:00Z');
});

test('accepts that the session was deleted meanwhile, and leaves a new one of the same name alone', async () => {
  const here = await scene(3, { retentionPolicy: keepLastTwo, backupHistoryLimit: 5 });
  const { name, namespace } = here.session.metadata;
  const { cluster } = stage.sandbox;
  await cluster.delete(backupSessions, { name, namespace });
  assert.deepEqual((await tidy(here)).notes, []);
  assert.deepEqual(await count(here.namespace), { snapshots: 4, sessions: 2 });
  const { spec } = here.session;
  const metadata = { name, namespace: here.namespace };
  await cluster.create(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata,
    spec,
  });
  await tidy(here);
  const found = await cluster.get(backupSessions, name, namespace);
  assert.deepEqual(found.status?.conditions ?? [], []);
});

test('retries while the server fails', async () => {
  const { faults } = stage.sandbox;
  const here = await scene(4, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
  for (const [verb, plural] of [
    ['list', 'volumesnapshots'],
    ['delete', 'volumesnapshots'],
    ['delete', 'backupsessions'],
    ['patch', 'backupsessions/status'],
  ] as const) {
    faults.inject({ verb, plural, times: 2, effect: { kind: 'cut' } });
    faults.inject({ verb, plural, nth: 3, effect: { kind: 'cut-after' } });
  }
  const { notes } = await tidy(here);
  faults.clear();
  assert.deepEqual(notes, []);
  assert.deepEqual(await count(here.namespace), { snapshots: 4, sessions: 1 });
  assert.deepEqual(await conditions(here), done);
});

test('reports a forbidden deletion once; the session has succeeded all the same', async () => {
  const { faults } = stage.sandbox;
  const here = await scene(3, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
  for (const plural of ['volumesnapshots', 'backupsessions']) {
    faults.inject({
      verb: 'delete',
      plural,
      times: 99,
      effect: { kind: 'fail', code: 403, reason: 'Forbidden' },
    });
  }
  const { code, stderr } = await scheduled(here.namespace);
  faults.clear();
  assert.equal(code, 0, stderr);
  const notes = stderr.split('\n').filter((line) => /^note: .*may not delete/.test(line));
  assert.equal(notes.length, 2, stderr);
  assert.match(notes[0] ?? '', /^note: last-two: .*may not delete volumesnapshots/);
  assert.match(notes[1] ?? '', /^note: backupHistoryLimit 1: .*may not delete backupsessions/);
  assert.deepEqual(await count(here.namespace), { snapshots: 8, sessions: 4 });
  const [session] = (await sessions(here.namespace)).toReversed();
  assert.ok(session);
  assert.equal(session.status?.phase, 'Succeeded');
  assert.deepEqual(await conditions({ ...here, session }), {
    RetentionPolicyApplied: 'False FailedToApplyRetentionPolicy',
    BackupHistoryCleaned: 'False FailedToCleanBackupHistory',
  });
});

for (const [which, resource] of [
  ['snapshot', volumeSnapshots],
  ['session', backupSessions],
] as const) {
  test(`interrupted at any deletion of a ${which}, a rerun comes to the same end`, async () => {
    for (const allowed of [0, 1, 2]) {
      const here = await scene(4, {
        retentionPolicy: { ...keepLastTwo, keepLast: 1 },
        backupHistoryLimit: 1,
      });
      const stop = new AbortController();
      let seen = 0;
      const cluster: Cluster = {
        ...stage.cluster,
        delete: async (kind, ...args) => {
          if (kind.plural === resource.plural && (seen += 1) > allowed) {
            stop.abort();
            throw new StashError('unreachable', 'the process was stopped');
          }
          await stage.cluster.delete(kind, ...args);
        },
      };
      await assert.rejects(tidy(here, { cluster, signal: stop.signal }), StashError);
      assert.deepEqual(await conditions(here), {});
      await tidy(here);
      assert.deepEqual(await count(here.namespace), { snapshots: 2, sessions: 1 });
      assert.deepEqual(await minutesOf(here.namespace), [time, time]);
      assert.deepEqual(await conditions(here), done);
    }
  });
}

test('Ctrl-C while tidying up: the snapshot succeeded, and the next session tidies up the rest', async () => {
  const here = await scene(3, { retentionPolicy: { ...keepLastTwo, keepLast: 1 }, backupHistoryLimit: 1 });
  const stop = new AbortController();
  const cluster: Cluster = {
    ...stage.cluster,
    delete: async (...args) => {
      stop.abort();
      await stage.cluster.delete(...args);
    },
  };
  time += minute;
  const { namespace } = here;
  const argv = 'snapshot deploy/app --executor local';
  const clock = hastyClock(new Date(time));
  await begin(namespace, clock);
  const { exit, context } = stage.play(argv, { namespace, clock, cluster, signal: stop.signal });
  assert.equal(await exit, 0, context.stderr());
  assert.match(context.stdout(), /snapshotted: all 2 snapshots are ready/);
  assert.match(
    context.stderr(),
    /^note: interrupted after the end of backupsession\/nightly-\d+: old snapshots and sessions may be left$/m,
  );
  assert.equal((await scheduled(namespace)).code, 0);
  assert.deepEqual(await count(namespace), { snapshots: 2, sessions: 1 });
});

test('the command line tidies up after its own session', async () => {
  const here = await scene(2, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
  const { code, stderr } = await scheduled(here.namespace);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^last-two: 4 snapshots stay, 2 deleted: data-\d+, logs-\d+$/m);
  assert.deepEqual(await count(here.namespace), { snapshots: 4, sessions: 1 });
});

test('what a session by hand leaves, no policy of the configuration touches', async () => {
  const here = await scene(2, { retentionPolicy: { ...keepLastTwo, keepLast: 1 }, backupHistoryLimit: 1 });
  const { code, stderr } = await snapshot(here.namespace);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await count(here.namespace), { snapshots: 6, sessions: 1 });
  assert.equal((await scheduled(here.namespace)).code, 0);
  // One restore point of the schedule, and the one that was made by hand.
  assert.deepEqual(await count(here.namespace), { snapshots: 4, sessions: 1 });
});

const hooked = {
  lastTransitionTime: '2026-03-14T03:00:00Z',
  type: 'PostBackupHookExecuted',
  status: 'False',
  reason: 'Failed',
  message: 'exit code 3',
};

test('the failure of a session is on its snapshots before its record goes', async () => {
  const here = await scene(3, { backupHistoryLimit: 1 });
  const [, second, last] = await sessions(here.namespace);
  assert.ok(second && last);
  await write(second, { phase: 'Failed', conditions: [hooked] });
  const { notes } = await tidy(here);
  assert.deepEqual(notes, []);
  assert.deepEqual(await count(here.namespace), { snapshots: 6, sessions: 1 });
  const points = restorePoints(await stage.all(volumeSnapshots, here.namespace), []);
  assert.deepEqual(
    points.map(({ phase }) => phase),
    ['Succeeded', 'Failed', 'Succeeded'],
  );
  assert.match(points[1]?.failure ?? '', /exit code 3/);
});

test('where the failure cannot be recorded, the record stays, and a note says why', async () => {
  const here = await scene(2, { backupHistoryLimit: 1 });
  const [first] = await sessions(here.namespace);
  assert.ok(first);
  await write(first, { phase: 'Failed', conditions: [hooked] });
  const cluster: Cluster = {
    ...stage.cluster,
    patch: (resource, ...args) => {
      if (resource.kind === 'VolumeSnapshot') throw new StashError('forbidden', 'no patch of snapshots');
      return stage.cluster.patch(resource, ...args);
    },
  };
  const { notes } = await tidy(here, { cluster });
  assert.match(notes.join(), /no patch of snapshots/);
  assert.equal((await sessions(here.namespace)).length, 2);
});
