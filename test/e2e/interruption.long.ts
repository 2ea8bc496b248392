/**
 * A session survives its executor's machine: the executor is stopped for good right before or right after
 * each write, and the same command, run again there or on another machine, brings the session to the same
 * end.
 *
 * Uses one claim, and one rerun per write; `test/interruption` covers more, on a sandbox.
 */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { backupsIn, restoresIn } from '#test/interruption/end-state.ts';
import { fastClock } from '#test/session/clocks.ts';
import { freezing, type FreezePoint, type Freezing } from '#test/session/freezing.ts';
import { mortal } from '#test/operator/mortal.ts';
import { checkLog } from '#test/session/hooked.ts';
import type { Stage } from '#test/session/stage.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { deployment, mountPath } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import type { Ran } from './ran.ts';
import { startServer } from './server.ts';

const server = await startServer();
const world: Pick<Stage, 'all'> = {
  all: async (resource, namespace) => (await server.cluster.list(resource, { namespace })).items,
};

/** How many namespaces run side by side. */
const lanes = 6;
/**
 * Speed of a rerun's clock: it has to see the old holder silent for half a minute, and a hook may take a
 * minute.
 */
const speed = 10;
const log = `${mountPath('data')}/hooks`;

interface Scenario {
  readonly argv: readonly string[];
  readonly sessions: Resource<BackupSession> | Resource<RestoreSession>;
  /** Creates what the namespace needs once. */
  readonly prepare: (place: Place) => Promise<void>;
  /** Restores the state from before the command. */
  readonly tidy: (place: Place) => Promise<void>;
  /** Resolves with everything that the command leaves behind, without names and times. */
  readonly shape: (place: Place) => Promise<unknown>;
  /** Checks a rerun whose session had already ended. */
  readonly afterTheEnd: (rerun: Ran, place: Place, undisturbed: unknown) => Promise<void>;
}

interface FirstRun {
  readonly ran: Promise<Ran>;
  readonly port: Promise<Freezing>;
  /** Stops it for good. */
  stop(): void;
}

function begin({ argv }: Scenario, place: Place, at?: FreezePoint): FirstRun {
  const life = mortal();
  const opened = Promise.withResolvers<Freezing>();
  const inner: Cluster[] = [];
  const ran = place.stash(argv, {
    clock: life.clock(scaledClock()),
    seenAs(cluster) {
      inner.push(cluster);
      const port = freezing(cluster, at);
      opened.resolve(port);
      return port.cluster;
    },
  });
  return {
    ran,
    port: opened.promise,
    stop() {
      life.end();
      for (const cluster of inner) cluster.close();
    },
  };
}

/** The clock of one rerun is an hour slow, by this many milliseconds. */
const anHour = 3_600_000;

/** Resolves with false if the command never reached that point. */
async function survives(
  act: Scenario,
  place: Place,
  at: FreezePoint,
  undisturbed: unknown,
): Promise<boolean> {
  const first = begin(act, place, at);
  const { frozen } = await first.port;
  const early = await Promise.race([frozen, first.ran]);
  if (early !== undefined) {
    assert.equal(early.code, 0, early.stderr);
    return false;
  }
  const hadEnded = (await place.list<BackupSession | RestoreSession>(act.sessions)).some(isFinal);
  const isElsewhere = at.write % 2 === (at.when === 'before' ? 0 : 1);
  const clock = fastClock(new Date(Date.now() - (isElsewhere ? anHour : 0)), speed);
  const rerun = await place.stash(act.argv, { clock });
  if (hadEnded) await act.afterTheEnd(rerun, place, undisturbed);
  else {
    assert.equal(rerun.code, 0, rerun.stderr);
    assert.deepEqual(await act.shape(place), undisturbed);
  }
  first.stop();
  return true;
}

/** Tries all points, in a pool of namespaces that handle one point after the other. */
async function testEveryWrite(t: TestContext, act: Scenario): Promise<void> {
  const free: Place[] = [];
  const open = async () => {
    const place = await openPlace(t, server, { hooksAndDeletions: true });
    await act.prepare(place);
    free.push(place);
  };
  await open();
  const [place] = free;
  assert(place);
  const first = begin(act, place);
  const { writes } = await first.port;
  const ran = await first.ran;
  assert.equal(ran.code, 0, ran.stderr);
  const undisturbed = await act.shape(place);
  await act.tidy(place);
  await Promise.all(Array.from({ length: lanes - 1 }, open));

  const points = writes.flatMap((_, index): FreezePoint[] => [
    { write: index + 1, when: 'before' },
    { write: index + 1, when: 'after' },
  ]);
  let survived = 0;
  await forEachBounded(points, lanes, async (at) => {
    const lane = free.pop();
    assert(lane);
    const what = `${at.when} write ${at.write} of ${writes.length} (${writes[at.write - 1] ?? ''})`;
    try {
      if (await survives(act, lane, at, undisturbed)) survived += 1;
    } catch (error) {
      throw new Error(`stopped ${what}: ${String(error)}`, { cause: error });
    }
    await act.tidy(lane);
    free.push(lane);
  });
  // The number of writes varies: when one read sees several changes at once, fewer writes report them.
  assert.ok(survived >= points.length - 4, `it was stopped ${survived} times of ${points.length}`);
  t.diagnostic(`survived ${survived}: before and after each of ${writes.join(', ')}`);
}

async function removeAll(place: Place, resource: Resource): Promise<void> {
  const names = (await place.list(resource)).map(({ metadata }) => metadata.name);
  await place.remove(resource, ...names);
}

async function hooksRun(place: Place): Promise<string[]> {
  const [pod = ''] = await place.running('app');
  return (await place.sh(pod, `cat ${log}`)).split('\n');
}

async function runApp(place: Place): Promise<void> {
  await place.claims('data');
  await place.create(deployments, deployment('app', ['data']));
  const [pod = ''] = await place.running('app');
  await place.sh(pod, `: > ${log}`);
}

await suite('interruption', () => {
  test('a snapshot with hooks, stopped before and after every write', (t) =>
    testEveryWrite(t, {
      argv: [
        ...['snapshot', 'deploy/app', '--executor=local', '--timeout=10h', '--max-freeze=9h'],
        ...['--pre', `echo freeze >> ${log}`, '--post', `echo thaw >> ${log}`],
      ],
      sessions: backupSessions,
      prepare: runApp,
      async tidy(place) {
        for (const kind of [backupSessions, backupConfigurations, volumeSnapshots] as Resource[])
          await removeAll(place, kind);
        const [pod = ''] = await place.running('app');
        await place.sh(pod, `: > ${log}`);
      },
      async shape(place) {
        const lines = await hooksRun(place);
        checkLog(lines, place.namespace);
        assert(lines.includes('freeze'));
        return backupsIn(world, place.namespace);
      },
      // The rerun takes another snapshot; the first session has ended.
      async afterTheEnd(rerun, place) {
        assert.equal(rerun.code, 0, rerun.stderr);
        checkLog(await hooksRun(place), place.namespace);
        const snapshots = await place.list(volumeSnapshots);
        assert.deepEqual(
          snapshots.map(({ status }) => status?.readyToUse),
          [true, true],
        );
      },
    }));

  test('a restore, stopped before and after every write', (t) =>
    testEveryWrite(t, {
      argv: ['restore', 'deploy/app', '--suffix=-back', '--executor=local', '--timeout=10h'],
      sessions: restoreSessions,
      async prepare(place) {
        await runApp(place);
        await place.succeeds('snapshot deploy/app --executor=local');
      },
      async tidy(place) {
        await removeAll(place, restoreSessions);
        await place.remove(persistentVolumeClaims, 'data-back');
      },
      shape: (place) => restoresIn(world, place.namespace),
      // The claims exist, and a restore never overwrites one.
      async afterTheEnd(rerun, place, undisturbed) {
        assert.equal(rerun.code, 1);
        assert.match(rerun.stderr, /claim data-back exists/);
        assert.deepEqual(await restoresIn(world, place.namespace), undisturbed);
      },
    }));
});
