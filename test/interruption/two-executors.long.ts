/** Two programs on one session: exactly one carries it out, in whatever order they start, stop and go on. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import {
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { fastClock, hastyClock } from '#test/session/clocks.ts';
import { freezing, type FreezePoint } from '#test/session/freezing.ts';
import { openStage, type Play, type Stage } from '#test/session/stage.ts';
import { manualClock } from '#test/support/clock.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
  await stage.snapshotClass('never', { fault: 'never-ready' });
});
after(() => stage.stop());

const limit = { timeout: 60_000 };
const claims = ['data', 'logs', 'www'];
const snapshot = 'snapshot deploy/app --timeout 10h';
const restore = 'restore deploy/app --timeout 10h';

async function readyToRestore(): Promise<string> {
  const namespace = await stage.home(claims);
  const { exit, context } = stage.play(snapshot, { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  await stage.loseClaims(namespace, ...claims);
  return namespace;
}

async function assertSnapshottedOnce(namespace: string): Promise<void> {
  const sessions = await stage.all(backupSessions, namespace);
  assert.deepEqual(
    sessions.map(({ status }) => status?.phase),
    ['Succeeded'],
  );
  assert.deepEqual(
    (await stage.all(volumeSnapshots, namespace)).map(({ metadata, spec }) => [
      spec.source.persistentVolumeClaimName,
      metadata.annotations?.[annotation.sessionUid],
    ]),
    claims.map((claim) => [claim, sessions[0]?.metadata.uid]),
  );
}

async function assertRestoredOnce(namespace: string): Promise<void> {
  const sessions = await stage.all(restoreSessions, namespace);
  assert.deepEqual(
    sessions.map(({ status }) => status?.phase),
    ['Succeeded'],
  );
  assert.deepEqual(
    (await stage.all(persistentVolumeClaims, namespace)).map(({ metadata, status }) => [
      metadata.name,
      status?.phase,
      metadata.annotations?.[annotation.restoreSessionUid],
    ]),
    claims.map((claim) => [claim, 'Bound', sessions[0]?.metadata.uid]),
  );
}

/** Both succeeded, and `namespace` shows the work of one. */
async function assertBoth(plays: readonly Play[]): Promise<void> {
  for (const { exit, context } of plays) {
    assert.equal(await exit, 0, context.stderr());
    assert.match(
      context.stdout(),
      /deployment\/app (snapshotted: all 3 snapshots are ready|restored: all 3)/,
    );
  }
}

/** Numbers of the writes from the session's creation to its end; the program's first write is 1. */
async function writesOfSession(
  what: 'snapshot' | 'restore',
  argv: string,
  prepare: () => Promise<string>,
): Promise<number[]> {
  const { cluster, writes } = freezing(stage.cluster);
  const { exit } = stage.play(argv, { namespace: await prepare(), clock: hastyClock(), cluster });
  assert.equal(await exit, 0);
  const created = writes.indexOf(what === 'snapshot' ? 'create backupsessions' : 'create restoresessions');
  const numbers = writes.map((_, index) => index + 1).slice(created + 1);
  // The last write of a snapshot records that the history was cleaned: its session has ended before.
  return what === 'snapshot' ? numbers.slice(0, -1) : numbers;
}

for (const [what, argv, prepare, assertOnce] of [
  ['snapshot', snapshot, () => stage.home(claims), assertSnapshottedOnce],
  ['restore', restore, readyToRestore, assertRestoredOnce],
] as const) {
  test(`two ${what}s started at once`, limit, async () => {
    const start = new Date();
    for (let lead = 0; lead < 8; lead += 1) {
      const namespace = await prepare();
      const [one, other] = [freezing(stage.cluster), freezing(stage.cluster)];
      const first = stage.play(argv, { namespace, clock: hastyClock(start), cluster: one.cluster });
      for (let turn = 0; turn < lead * 2; turn += 1) await setImmediate();
      const second = stage.play(argv, { namespace, clock: hastyClock(start), cluster: other.cluster });
      await assertBoth([first, second]);
      await assertOnce(namespace);
      const made = what === 'snapshot' ? 'create volumesnapshots' : 'create persistentvolumeclaims';
      assert.equal([one, other].filter(({ writes }) => writes.includes(made)).length, 1);
    }
  });

  test(`a second ${what} comes while the first is at any write of its session`, limit, async () => {
    const start = new Date();
    for (const write of await writesOfSession(what, argv, prepare)) {
      const namespace = await prepare();
      const port = freezing(stage.cluster, { write, when: 'before' });
      const first = stage.play(argv, { namespace, clock: hastyClock(start), cluster: port.cluster });
      await port.frozen;
      const second = stage.play(argv, { namespace, clock: hastyClock(start) });
      // Long enough to end, if it did not have to wait.
      for (let trips = 0; trips < 25; trips += 1) await stage.cluster.serverVersion();
      port.thaw();
      await assertBoth([first, second]);
      await assertOnce(namespace);
    }
  });

  test(
    `a ${what} that counted as dead goes on, finds itself replaced, and changes nothing`,
    limit,
    async () => {
      const writes = await writesOfSession(what, argv, prepare);
      const points = writes.flatMap((write): FreezePoint[] => [
        { write, when: 'before' },
        { write: write - 1, when: 'after' },
      ]);
      assert.ok(points.length >= 8);
      await Promise.all(
        points.map(async (at) => {
          const namespace = await prepare();
          const clock = hastyClock();
          const port = freezing(stage.cluster, at);
          const first = stage.play(argv, { namespace, clock, cluster: port.cluster });
          await port.frozen;
          const second = stage.play(argv, {
            namespace,
            clock: fastClock(new Date(clock.now().getTime() + 60_000)),
          });
          assert.equal(await second.exit, 0, second.context.stderr());
          const versions = await versionsIn(namespace);
          port.thaw();
          await assertBoth([first]);
          assert.deepEqual(await versionsIn(namespace), versions);
          await assertOnce(namespace);
        }),
      );
    },
  );
}

/** A snapshot of everything that an executor could have changed. */
async function versionsIn(namespace: string): Promise<unknown> {
  const kinds: Resource[] = [backupSessions, restoreSessions, volumeSnapshots, persistentVolumeClaims];
  const objects = await Promise.all(kinds.map((kind) => stage.all(kind, namespace)));
  return objects.flat().map(({ metadata }) => [metadata.uid, metadata.resourceVersion]);
}

test('a session is never taken from a living holder, however long it takes', limit, async () => {
  const namespace = await stage.home(claims);
  const clock = manualClock(new Date());
  const slow = `${snapshot} --snapshot-class never --executor local`;
  const first = stage.play(slow, { namespace, clock });
  const [begun] = await stage.until(backupSessions, namespace, ([it]) => it?.status?.phase === 'Running');
  assert.ok(begun);
  const holder = readHolder(begun);
  // Without HTTP in between, the second program sees each change of the session at once.
  const second = stage.play(slow, { namespace, clock, cluster: stage.sandbox.cluster });
  while (!second.context.stderr().includes('Running')) await setImmediate();

  for (let renewal = 1; renewal <= 30; renewal += 1) {
    await clock.advance(10_000);
    const [session] = await stage.until(backupSessions, namespace, ([it]) => {
      return it !== undefined && readHolder(it)?.counter === renewal;
    });
    assert.ok(session);
    assert.deepEqual(readHolder(session), { id: holder?.id, counter: renewal });
  }
  assert.doesNotMatch(second.context.stderr(), /no sign of life/);
  await stage.makeReady(namespace, ...claims);
  await assertBoth([first, second]);
  await assertSnapshottedOnce(namespace);
});

test('a snapshot whose name is taken by an ended session waits for the next second', limit, async () => {
  const start = new Date();
  const namespace = await stage.home(claims);
  const port = freezing(stage.cluster, { write: 2, when: 'before' });
  const first = stage.play(snapshot, { namespace, clock: hastyClock(start), cluster: port.cluster });
  await port.frozen;
  assert.equal(port.writes[1], 'create backupsessions');
  const second = stage.play(snapshot, { namespace, clock: hastyClock(start) });
  assert.equal(await second.exit, 0);
  port.thaw();
  await assertBoth([first]);
  // The history limit keeps one session, and the snapshots of both.
  const sessions = await stage.all(backupSessions, namespace);
  assert.deepEqual(
    sessions.map(({ status }) => status?.phase),
    ['Succeeded'],
  );
  const snapshots = await stage.all(volumeSnapshots, namespace);
  const taken = Map.groupBy(snapshots, ({ metadata }) => metadata.annotations?.[annotation.sessionUid]);
  assert.deepEqual(
    [...taken.values()].map((of) => of.length),
    [3, 3],
  );
});

test(
  'a restore that was planned before another one ended fails and leaves its claims alone',
  limit,
  async () => {
    const namespace = await readyToRestore();
    const port = freezing(stage.cluster, { write: 1, when: 'before' });
    const first = stage.play(restore, { namespace, clock: hastyClock(), cluster: port.cluster });
    await port.frozen;
    const second = stage.play(restore, { namespace, clock: hastyClock() });
    assert.equal(await second.exit, 0);
    const restored = await stage.all(persistentVolumeClaims, namespace);
    port.thaw();
    assert.equal(await first.exit, 4);
    assert.match(first.context.stderr(), /data, logs, www: a claim of that name exists/);
    assert.deepEqual(await stage.all(persistentVolumeClaims, namespace), restored);
  },
);
