/**
 * Parts of the control plane fail while sessions run: the sessions still finish, and no command reports a
 * wrong outcome.
 */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import {
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { deadAfterMs } from '#src/domain/session/holder.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { isBound, openPlace, type Place } from '#test/e2e/place.ts';
import { snapshotClass, storageClass } from '#test/support/classes.ts';

import type { RunningProcess } from './processes.ts';
import type { Program } from './sources.ts';
import { openStand, toldBy, type Running } from './stand.ts';

const stand = await openStand('raised');
const { controlPlane, server } = stand;

const cannotKnow = /note: (unreachable server|.* could not |the server has not answered)/;

for (const [name, parameters] of Object.entries({
  slow: { delay: '12s' },
  // The driver cuts a snapshot only when its sidecar calls again.
  'slow-cut': { cutDelay: '12s' },
})) {
  await server.cluster.create(volumeSnapshotClasses, snapshotClass(name, driverName, parameters));
  await server.cluster.create(storageClasses, storageClass(name, driverName, parameters));
}

/** The runs around one session: its executor, a follower, and a command that would take over. */
interface Session {
  readonly place: Place;
  readonly runs: readonly Running[];
}

async function beginSnapshot(t: TestContext, flags: string): Promise<Session> {
  const place = await openPlace(t, server);
  await place.claims('data');
  return startRuns(place, `snapshot pvc/data --executor=local ${flags}`, backupSessions);
}

async function beginRestore(t: TestContext, flags: string): Promise<Session> {
  const place = await openPlace(t, server);
  await place.claims('data');
  await place.succeeds('snapshot pvc/data --executor=local');
  return startRuns(place, `restore pvc/data --suffix -2 --executor=local ${flags}`, restoreSessions);
}

async function startRuns<T extends BackupSession | RestoreSession>(
  place: Place,
  argv: string,
  resource: Resource<T>,
): Promise<Session> {
  const first = stand.begin(place, argv);
  const name = await place.until(
    resource,
    ([session]) => session?.status?.phase === 'Running' && session.metadata.name,
  );
  const runs = [first, stand.begin(place, `wait ${name}`), stand.begin(place, argv)];
  await toldBy(runs, /Running/);
  return { place, runs };
}

function assertStillRunning(...sessions: readonly Session[]): void {
  for (const { argv, code, context } of sessions.flatMap(({ runs }) => runs)) {
    assert.equal(code(), undefined, `${argv}: ${context.stderr()}`);
    assert.equal(context.stdout(), '');
  }
}

async function assertEnded({ runs }: Session, code: number, words: RegExp): Promise<void> {
  for (const { argv, exit, context } of runs) {
    assert.equal(await exit, code, `${argv}: ${context.stderr()}`);
    assert.match(context.stdout() + context.stderr(), words, argv);
    assert.doesNotMatch(context.stderr(), /no sign of life|taken over|taking .* over/, argv);
  }
}

async function assertSnapshottedOnce(session: Session): Promise<void> {
  await assertEnded(session, 0, /snapshotted: its snapshot is ready/);
  const [only, ...more] = await session.place.list(backupSessions);
  assert.deepEqual([only?.status?.phase, more.length], ['Succeeded', 0]);
  const snapshots = await session.place.list(volumeSnapshots);
  assert.deepEqual(
    snapshots.map(({ metadata, status }) => [
      metadata.annotations?.[annotation.sessionUid],
      status?.readyToUse,
    ]),
    [[only?.metadata.uid, true]],
  );
}

async function assertRestoredOnce(session: Session): Promise<void> {
  await assertEnded(session, 0, /restored: /);
  const [only, ...more] = await session.place.list(restoreSessions);
  assert.deepEqual([only?.status?.phase, more.length], ['Succeeded', 0]);
  const claims = await session.place.list(persistentVolumeClaims);
  assert.deepEqual(
    claims.map(({ metadata, status }) => [metadata.name, status?.phase]),
    [
      ['data', 'Bound'],
      ['data-2', 'Bound'],
    ],
  );
}

const sidecars = ['csi-snapshotter', 'csi-provisioner', 'snapshot-controller'] as const;

/**
 * Restarts a program at once: after it has lost its lease it exits by itself, and otherwise it may back off for
 * up to a minute more.
 */
async function restart(name: Program): Promise<void> {
  await part(name).kill();
  await part(name).start();
}

function part(name: Program): RunningProcess {
  const found = controlPlane.processes.get(name);
  assert.ok(found, name);
  return found;
}

test('the API server is down for longer than a holder may go without a renewal', async (t) => {
  const [taken, restored, late, lateRestore] = await Promise.all([
    beginSnapshot(t, '--snapshot-class slow'),
    beginRestore(t, '--storage-class slow'),
    beginSnapshot(t, '--snapshot-class slow --timeout 10s'),
    beginRestore(t, '--storage-class slow --timeout 10s'),
  ]);
  const apiServer = part('kube-apiserver');
  await apiServer.kill();
  const gone = performance.now();
  await toldBy(
    [taken, restored, late, lateRestore].flatMap(({ runs }) => runs),
    cannotKnow,
  );
  for (const session of [late, lateRestore]) {
    // The executor prints the first message, its followers the second.
    const words =
      /(timed out: its deadline has passed and|stopped following .* after 10s;) .*unreachable server/;
    await assertEnded(session, 5, words);
  }
  await setTimeout(Math.max(0, gone + deadAfterMs + 10_000 - performance.now()));
  assertStillRunning(taken, restored);
  await apiServer.start();
  await Promise.all((['kube-controller-manager', ...sidecars] as const).map(restart));
  await assertSnapshottedOnce(taken);
  await assertRestoredOnce(restored);
  assert.equal((await late.place.list(volumeSnapshots)).length, 1);
  assert.deepEqual(
    (await late.place.list(backupSessions)).map(({ status }) => status?.phase),
    ['Running'],
    'no client could write the outcome',
  );
  // If a claim is deleted while the provisioner works on it, the provisioner leaves a finalizer on the
  // snapshot.
  await lateRestore.place.until(persistentVolumeClaims, (all) => all.length === 2 && all.every(isBound));
});

test('etcd is paused for 20 s', async (t) => {
  const [taken, restored] = await Promise.all([
    beginSnapshot(t, '--snapshot-class slow-cut'),
    beginRestore(t, '--storage-class slow'),
  ]);
  const etcd = part('etcd');
  etcd.pause();
  try {
    await setTimeout(20_000);
    assertStillRunning(taken, restored);
    await toldBy(
      [taken, restored].flatMap(({ runs: [executor] }) => executor ?? []),
      cannotKnow,
    );
  } finally {
    etcd.resume();
  }
  await assertSnapshottedOnce(taken);
  await assertRestoredOnce(restored);
});

test('the sidecars and the snapshot controller are restarted', async (t) => {
  const [taken, restored] = await Promise.all([
    beginSnapshot(t, '--snapshot-class slow-cut'),
    beginRestore(t, '--storage-class slow'),
  ]);
  const parts = sidecars.map(part);
  await Promise.all(parts.map((one) => one.stop()));
  await setTimeout(15_000);
  assertStillRunning(taken, restored);
  await Promise.all(parts.map((one) => one.start()));
  await assertSnapshottedOnce(taken);
  await assertRestoredOnce(restored);
});
