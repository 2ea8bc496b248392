/**
 * Proves that a session survives its executor: the executor is frozen at each of its writes in turn, and the same
 * command, run again, brings the session to the same end.
 */
import assert from 'node:assert/strict';
import { placeholderSchedule } from '#src/domain/backup/placeholder.ts';
import { after, before, test, type TestContext } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { annotation } from '#src/api/labels.ts';
import { appConfiguration } from '#test/session/app-objects.ts';
import { fastClock, hastyClock } from '#test/session/clocks.ts';
import { freezing, type FreezePoint } from '#test/session/freezing.ts';
import { checkLog, logOf, note, runningHome } from '#test/session/hooked.ts';
import { openStage, type Stage } from '#test/session/stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

const claims = ['data', 'logs', 'www'];

interface Act {
  readonly argv: string | readonly string[];
  /** Speed of the rerun's clock. */
  readonly speed?: number;
  /** A namespace in which the command can run. */
  readonly prepare: () => Promise<string>;
  /** What the command leaves behind, without names and times. */
  readonly shape: (namespace: string) => Promise<unknown>;
  /** Number of writes after the session's end. */
  readonly writesAfterEnd: number;
  /** What a rerun does that finds the session ended. */
  readonly afterTheEnd: (rerun: Rerun, undisturbed: unknown) => Promise<void>;
}

interface Rerun {
  readonly namespace: string;
  readonly code: number;
  readonly stderr: string;
}

async function backupShape(namespace: string) {
  const [configurations, sessions, snapshots, contents] = await Promise.all([
    stage.all(backupConfigurations, namespace),
    stage.all(backupSessions, namespace),
    stage.all(volumeSnapshots, namespace),
    stage.all(volumeSnapshotContents),
  ]);
  const uids = new Set(sessions.map(({ metadata }) => metadata.uid));
  const orphans = snapshots.filter(
    ({ metadata }) => !uids.has(metadata.annotations?.[annotation.sessionUid] ?? ''),
  );
  assert.equal(
    contents.filter(({ spec }) => spec.volumeSnapshotRef.namespace === namespace).length,
    snapshots.length,
  );
  return {
    orphans: orphans.map(({ spec, status }) => [spec.source.persistentVolumeClaimName, status?.readyToUse]),
    configurations: configurations.map(({ metadata, spec }) => [metadata.name, spec]),
    sessions: sessions.map(({ metadata, status, spec }) => ({
      spec,
      phase: status?.phase,
      conditions: status?.conditions?.map(({ type, status }) => [type, status]),
      targets: status?.targets?.map(({ stats, ...target }) => ({
        ...target,
        stats: stats?.map((host) => ({
          ...host,
          snapshots: host.snapshots?.map(({ name, ...snapshot }) => {
            assert.ok(snapshots.some((it) => it.metadata.name === name));
            return snapshot;
          }),
        })),
      })),
      snapshots: snapshots
        .filter((it) => it.metadata.annotations?.[annotation.sessionUid] === metadata.uid)
        .map((it) => [it.spec.source.persistentVolumeClaimName, it.status?.readyToUse]),
    })),
  };
}

async function restoreShape(namespace: string): Promise<unknown> {
  const [sessions, found, snapshots] = await Promise.all([
    stage.all(restoreSessions, namespace),
    stage.all(persistentVolumeClaims, namespace),
    stage.all(volumeSnapshots, namespace),
  ]);
  const uids = sessions.map(({ metadata }) => metadata.uid);
  return {
    sessions: sessions.map(({ status, spec }) => ({
      phase: status?.phase,
      totalHosts: status?.totalHosts,
      stats: status?.stats,
      templates: spec.target?.volumeClaimTemplates?.map(({ metadata }) => metadata.name),
    })),
    claims: found.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      from: snapshots.find((it) => it.metadata.name === spec.dataSource?.name)?.spec.source,
      phase: status?.phase,
      size: status?.capacity,
      ours: uids.indexOf(metadata.annotations?.[annotation.restoreSessionUid] ?? ''),
    })),
  };
}

/** Runs a program in its own world and freezes it at `at`. */
async function start({ argv, prepare }: Act, at?: FreezePoint) {
  const namespace = await prepare();
  const clock = hastyClock();
  const port = freezing(stage.cluster, at);
  return { namespace, clock, port, ...stage.play(argv, { namespace, clock, cluster: port.cluster }) };
}

async function rerunAfterFreeze(act: Act, at: FreezePoint): Promise<Rerun> {
  const { namespace, clock, port } = await start(act, at);
  await port.frozen;
  const later = fastClock(new Date(clock.now().getTime() + 60_000), act.speed);
  const { exit, context } = stage.play(act.argv, { namespace, clock: later });
  const code = await exit;
  return { namespace, code, stderr: context.stderr() };
}

async function prove(t: TestContext, act: Act): Promise<void> {
  const first = await start(act);
  assert.equal(await first.exit, 0, first.context.stderr());
  const undisturbed = await act.shape(first.namespace);
  const { writes } = first.port;
  const points = writes.flatMap((what, index) =>
    (['before', 'after'] as const).map((when) => ({ what, at: { write: index + 1, when } })),
  );
  const survived = { before: 0, after: 0 };
  await Promise.all(
    points.map(async ({ what, at }) => {
      const name = `frozen ${at.when} write ${at.write} of ${writes.length} (${what})`;
      const rerun = await rerunAfterFreeze(act, at);
      const end = writes.length - act.writesAfterEnd;
      if (at.write > end || (at.write === end && at.when === 'after')) {
        await act.afterTheEnd(rerun, undisturbed);
      } else {
        assert.equal(rerun.code, 0, `${name}: ${rerun.stderr}`);
        assert.deepEqual(await act.shape(rerun.namespace), undisturbed, name);
      }
      survived[at.when] += 1;
    }),
  );
  t.diagnostic(
    `survived ${survived.after} of ${writes.length} frozen right after a write: ${writes.join(', ')}`,
  );
  t.diagnostic(`survived ${survived.before} of ${writes.length} frozen right before one`);
}

const snapshot = {
  // The condition about the history in the session's status.
  writesAfterEnd: 1,
  argv: 'snapshot deploy/app --timeout 10h',
  shape: backupShape,
  // The session has ended, so the rerun takes another; the history limit deletes the first one, its snapshots stay.
  async afterTheEnd({ namespace, code, stderr }: Rerun, undisturbed: unknown) {
    assert.equal(code, 0, stderr);
    const { orphans, ...shape } = await backupShape(namespace);
    assert.deepEqual({ orphans: [], ...shape }, undisturbed);
    assert.deepEqual(
      orphans.sort(),
      claims.map((claim) => [claim, true]),
    );
  },
};

test('a snapshot that creates its configuration', (t) =>
  prove(t, { ...snapshot, prepare: () => stage.home(claims) }));

test('a snapshot with hooks: the application is resumed, and never quiesced twice in a row', (t) =>
  prove(t, {
    ...snapshot,
    argv: [
      ...['snapshot', 'deploy/app', '--timeout', '10h', '--max-freeze', '9h'],
      ...['--pre', note('freeze'), '--post', note('thaw')],
    ],
    // A hook has a minute, and is a process of this machine.
    speed: 20,
    prepare: () => runningHome(stage, claims),
    async shape(namespace) {
      const log = await logOf(stage, namespace);
      checkLog(log, namespace);
      assert(log.includes('freeze'));
      const { configurations, sessions } = await backupShape(namespace);
      return { configurations, sessions: sessions.map((session) => withoutTimes(session)) };
    },
    async afterTheEnd({ namespace, code, stderr }: Rerun) {
      assert.equal(code, 0, stderr);
      checkLog(await logOf(stage, namespace));
    },
  }));

function withoutTimes(session: unknown): unknown {
  return JSON.parse(
    JSON.stringify(session, (key, value: unknown) => (key === 'lastTransitionTime' ? '' : value)),
  );
}

test('a snapshot of an existing configuration', (t) =>
  prove(t, {
    ...snapshot,
    async prepare() {
      const namespace = await stage.home(claims);
      await stage.sandbox.cluster.create(
        backupConfigurations,
        appConfiguration({ name: 'nightly', namespace }, { schedule: placeholderSchedule, paused: true }),
      );
      return namespace;
    },
  }));

const restore = {
  writesAfterEnd: 0,
  shape: restoreShape,
  async prepare() {
    const namespace = await stage.home(claims);
    const { exit, context } = stage.play('snapshot deploy/app', { namespace, clock: hastyClock() });
    assert.equal(await exit, 0, context.stderr());
    await stage.loseClaims(namespace, ...claims);
    return namespace;
  },
  // The claims exist, and a restore never overwrites a claim.
  async afterTheEnd({ namespace, code, stderr }: Rerun, undisturbed: unknown) {
    assert.equal(code, 1);
    assert.match(stderr, /claim data exists/);
    assert.deepEqual(await restoreShape(namespace), undisturbed);
  },
};

test('a restore', (t) => prove(t, { ...restore, argv: 'restore deploy/app --timeout 10h' }));

test('a restore that creates its session with its holder', (t) =>
  prove(t, { ...restore, argv: 'restore deploy/app --timeout 10h --executor local' }));
