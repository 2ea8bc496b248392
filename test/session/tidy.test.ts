/** What is done after a session's end, on a server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { placeholderSchedule } from '#src/domain/backup/build-backup.ts';
import { StashError } from '#src/errors.ts';
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
  /** The last one, without a word of what came after its end. */
  readonly session: Stored<BackupSession>;
}

/** So many sessions of two claims, a minute apart, none of them tidied up; then the configuration becomes `spec`. */
async function scene(count: number, spec: Spec): Promise<Scene> {
  const namespace = await stage.home(['data', 'logs']);
  const { cluster } = stage.sandbox;
  const untidied = { schedule: placeholderSchedule, paused: true, backupHistoryLimit: 100 };
  await cluster.create(backupConfigurations, appConfiguration({ name: 'nightly', namespace }, untidied));
  for (let taken = 0; taken < count; taken += 1) {
    const { code, stderr } = await snapshot(namespace);
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
  return tidyUp({ cluster, clock: fastClock(new Date(time)), signal }, scene, options);
}

/** Those that nobody has deleted; the driver takes its time with the others. */
async function snapshotsLeft(namespace: string): Promise<Stored<VolumeSnapshot>[]> {
  const all = await stage.all(volumeSnapshots, namespace);
  return all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Minutes of the restore points, each once for each of its snapshots. */
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

test('after a success: the policy is applied, then the history is cut, and both are said', async () => {
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

test('what its conditions tell of is not done again', async () => {
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

test('a policy that keeps all is none: nothing is said of it', async () => {
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

test('a policy that nobody may follow: it is said, and nothing goes', async () => {
  const here = await scene(3, {});
  const spec = { ...here.configuration.spec, retentionPolicy: { ...keepLastTwo, keepDaily: -1 } };
  const { notes } = await tidy({ ...here, configuration: { ...here.configuration, spec } });
  assert.match(notes.join('\n'), /^last-two: retentionPolicy.keepDaily is -1; .*$/);
  assert.equal((await conditions(here))['RetentionPolicyApplied'], 'False FailedToApplyRetentionPolicy');
  assert.equal((await count(here.namespace)).snapshots, 6);
});

for (const phase of ['Failed', 'Skipped', 'Unknown'] as const) {
  test(`after a session that is ${phase} no snapshot goes, sessions do`, async () => {
    const here = await scene(3, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
    const session = await write(here.session, { phase });
    await tidy({ ...here, session });
    assert.deepEqual(await count(here.namespace), { snapshots: 6, sessions: 1 });
    assert.deepEqual(await conditions(here), { BackupHistoryCleaned: done.BackupHistoryCleaned });
  });
}

test('before its end nothing is done', async () => {
  const here = await scene(3, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
  const session = await write(here.session, { phase: 'Running' });
  await tidy({ ...here, session });
  assert.deepEqual(await count(here.namespace), { snapshots: 6, sessions: 3 });
  assert.deepEqual(await conditions(here), {});
});

test('a session with a history limit of 0 stays itself', async () => {
  const here = await scene(2, { backupHistoryLimit: 0 });
  await tidy(here);
  assert.deepEqual(
    (await sessions(here.namespace)).map(({ metadata }) => metadata.uid),
    [here.session.metadata.uid],
  );
});

test('sessions that are known need not be asked for', async () => {
  const here = await scene(3, { backupHistoryLimit: 1 });
  await tidy(here, { sessions: (await sessions(here.namespace)).slice(1) });
  assert.equal((await sessions(here.namespace)).length, 2);
});

test('where its own restore point is no longer whole, nothing goes', async () => {
  const here = await scene(3, { retentionPolicy: { ...keepLastTwo, keepLast: 1 } });
  const [newest] = (await stage.all(volumeSnapshots, here.namespace))
    .filter(({ spec }) => spec.source.persistentVolumeClaimName === 'logs')
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp));
  assert.ok(newest);
  const { name, namespace } = newest.metadata;
  await stage.sandbox.cluster.delete(volumeSnapshots, { name, namespace });
  await stage.until(volumeSnapshots, here.namespace, (all) => all.length === 5);
  const { notes } = await tidy(here);
  assert.match(notes.join('\n'), /is not complete any more, so nothing is deleted/);
  assert.deepEqual(await minutesLeft(here.namespace), [0, 0, 1, 1, 2]);
  assert.equal((await conditions(here))['RetentionPolicyApplied'], 'False FailedToApplyRetentionPolicy');
});

test('what others write on the session meanwhile is kept', async () => {
  const here = await scene(2, { retentionPolicy: keepLastTwo });
  const other = {
    lastTransitionTime: '2026-03-14T03:00:00Z',
    type: 'BackupExecutorEnsured',
    status: 'True',
    reason: 'SuccessfullyEnsuredBackupExecutor',
  };
  // `here.session` is of before.
  await write(here.session, { conditions: [other], nextRetry: '2026-03-14T04:00:00Z' });
  await tidy(here);
  assert.deepEqual(await conditions(here), {
    BackupExecutorEnsured: 'True SuccessfullyEnsuredBackupExecutor',
    ...done,
  });
  assert.equal((await sessions(here.namespace)).at(-1)?.status?.nextRetry, '2026-03-14T04:00:00Z');
});

test('a session that was deleted meanwhile is no trouble, nor is another one of its name touched', async () => {
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

test('trouble with the server is overcome', async () => {
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

test('what may not be deleted is said, once, and the session has succeeded all the same', async () => {
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
  const { code, stderr } = await snapshot(here.namespace);
  faults.clear();
  assert.equal(code, 0, stderr);
  const notes = stderr.split('\n').filter((line) => line.startsWith('note: '));
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
  test(`stopped at any deletion of a ${which}, it is taken up again to the same end`, async () => {
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

test('Ctrl-C while it tidies up: the snapshot was taken, and what is left is for the next one', async () => {
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
  const { exit, context } = stage.play(argv, { namespace, clock, cluster, signal: stop.signal });
  assert.equal(await exit, 0, context.stderr());
  assert.match(context.stdout(), /snapshotted: all 2 snapshots are ready/);
  assert.match(
    context.stderr(),
    /^note: interrupted after the end of backupsession\/nightly-\d+: older ones may be left$/m,
  );
  assert.equal((await snapshot(namespace)).code, 0);
  assert.deepEqual(await count(namespace), { snapshots: 2, sessions: 1 });
});

test('the command line tidies up what it carried out', async () => {
  const here = await scene(2, { retentionPolicy: keepLastTwo, backupHistoryLimit: 1 });
  const { code, stderr } = await snapshot(here.namespace);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^last-two: 4 snapshots stay, 2 deleted: data-\d+, logs-\d+$/m);
  assert.deepEqual(await count(here.namespace), { snapshots: 4, sessions: 1 });
});
