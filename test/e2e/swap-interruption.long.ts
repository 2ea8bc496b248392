/**
 * A restore in place survives its executor: it is stopped for good right before or right after each write, and then the
 * same command brings the session to its end, from this machine or another, or `undo` brings everything back. Where `undo`
 * finds that the volumes are gone, it prints the command that restores the data from before.
 */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import { backupSessions, deployments, persistentVolumeClaims, restoreSessions } from '#src/api/resources.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { InPlaceMethod } from '#src/domain/in-place/record.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import type { Clock } from '#src/domain/clock.ts';
import { fastClock } from '#test/session/clocks.ts';
import { freezing, type FreezePoint, type Freezing } from '#test/session/freezing.ts';
import { mortal } from '#test/operator/mortal.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { deployment, mountPath, quiet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

const isReal = server.advance === undefined;
const lanes = 6;
/** A real server takes a minute where the sandbox takes seconds: there, every fifth point has to do. */
const stride = isReal ? 5 : 1;
/** Speed of a rerun's clock: it has to see the old holder silent for half a minute. */
const speed = 10;
const anHour = 3_600_000;
const claims = ['data', 'logs'];
const administrator = { identity: undefined };

async function prepare(t: TestContext): Promise<Place> {
  const place = await openPlace(t, server);
  await place.claims(...claims);
  const workload = quiet(deployment('app', claims));
  await place.create(deployments, workload);
  await write(place, 'before');
  await place.succeeds('snapshot deploy/app --executor=local', administrator);
  await write(place, 'after');
  return place;
}

async function write(place: Place, text: string): Promise<void> {
  const [pod = ''] = await place.running('app');
  await place.sh(pod, claims.map((claim) => `echo ${text} > ${mountPath(claim)}/proof`).join(' && '));
}

async function read(place: Place): Promise<string> {
  const [pod = ''] = await place.running('app');
  return place.sh(pod, claims.map((claim) => `cat ${mountPath(claim)}/proof`).join(' && '));
}

function begin(place: Place, argv: string, at?: FreezePoint) {
  const life = mortal();
  const opened = Promise.withResolvers<Freezing>();
  const inner: Cluster[] = [];
  const ran = place.stash(argv, {
    ...administrator,
    clock: life.clock(scaledClock()),
    seenAs(cluster) {
      inner.push(cluster);
      const port = freezing(life.cluster(cluster), at);
      opened.resolve(port);
      return port.cluster;
    },
  });
  const stop = () => {
    life.end();
    for (const cluster of inner) cluster.close();
  };
  return { ran, port: opened.promise, stop };
}

/** Resolves with false if the command never reached that point. */
async function survives(
  place: Place,
  argv: string,
  at: FreezePoint,
  { back, method }: { readonly back: boolean; readonly method: InPlaceMethod },
): Promise<boolean> {
  const present = await volumesOf(place);
  const first = begin(place, argv, at);
  try {
    const { frozen } = await first.port;
    const early = await Promise.race([frozen, first.ran]);
    if (early !== undefined) {
      assert.equal(early.code, 0, early.stderr);
      return false;
    }
    const isElsewhere = at.write % 2 === (at.when === 'before' ? 0 : 1);
    const clock = fastClock(new Date(Date.now() - (isElsewhere ? anHour : 0)), speed);
    const session = (await place.list(restoreSessions)).at(-1);
    const again = back && session ? `undo ${session.metadata.name} --yes` : argv;
    const hadEnded = session !== undefined && isFinal(session);
    const rerun = await place.stash(again, { ...administrator, clock });
    if (method === 'recreate' && back && session && rerun.code === 1) {
      await goesBack(place, { argv, clock, hint: rerun.stderr });
      return true;
    }
    assert.equal(rerun.code, 0, rerun.stderr);
    if (back && session) {
      assert.equal(await read(place), 'after\nafter', rerun.stderr);
      assert.deepEqual(await volumesOf(place), present);
    } else {
      assert.equal(await read(place), 'before\nbefore', rerun.stderr);
      if (!hadEnded)
        assert.equal((await place.list(restoreSessions)).filter((each) => !isFinal(each)).length, 0);
    }
    return true;
  } finally {
    first.stop();
  }
}

/** The session ends, and then the command that `undo` printed restores the data from before. */
async function goesBack(
  place: Place,
  { argv, clock, hint }: { readonly argv: string; readonly clock: Clock; readonly hint: string },
): Promise<void> {
  assert.match(hint, /kept no volumes: the data from before it is in backupsession\/before-/);
  const [, command = ''] = /kubectl stash (restore .*--from before-\S+)/.exec(hint) ?? [];
  const unfinished = (await place.list(restoreSessions)).some((each) => !isFinal(each));
  if (unfinished) {
    const rerun = await place.stash(argv, { ...administrator, clock });
    assert.equal(rerun.code, 0, rerun.stderr);
  }
  assert.equal(await read(place), 'before\nbefore');
  await place.succeeds(`${command} --yes`, administrator);
  assert.equal(await read(place), 'after\nafter');
}

async function volumesOf(place: Place): Promise<(string | undefined)[]> {
  return (await place.list(persistentVolumeClaims)).map(
    ({ metadata, spec }) => `${metadata.name} ${spec.volumeName ?? ''}`,
  );
}

async function tidy(place: Place): Promise<void> {
  const names = (await place.list(restoreSessions)).map(({ metadata }) => metadata.name);
  await place.remove(restoreSessions, ...names);
  await place.giveUpVolumes();
  await write(place, 'after');
}

interface Interruptions {
  readonly stop: 'scale' | 'gate';
  readonly when: FreezePoint['when'];
  readonly method: InPlaceMethod;
  readonly before?: 'snapshot';
}

async function testEveryWrite(t: TestContext, { stop, when, method, before }: Interruptions): Promise<void> {
  const given = before === undefined ? '' : ` --before=${before}`;
  const options = `--in-place --yes --method=${method} --stop=${stop}${given} --timeout=10h --stop-timeout=1h`;
  // The snapshot from before is the latest one, once it is taken.
  const argvFor = async (place: Place) => {
    const names = (await place.list(backupSessions)).map(({ metadata }) => metadata.name);
    return `restore deploy/app --from ${names.find((name) => name.startsWith('deploy-')) ?? ''} ${options}`;
  };
  const free = [await prepare(t)];
  const [place] = free;
  assert(place);
  const first = begin(place, await argvFor(place));
  const { writes } = await first.port;
  const ran = await first.ran;
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(await read(place), 'before\nbefore');
  await tidy(place);
  free.push(...(await Promise.all(Array.from({ length: lanes - 1 }, () => prepare(t)))));

  const points = writes
    .map((_, index): FreezePoint => ({ write: index + 1, when }))
    .filter((_, index) => index % stride === 0);
  let survived = 0;
  await forEachBounded(points, lanes, async (at) => {
    const lane = free.pop();
    assert(lane);
    const back = (at.write + (at.when === 'before' ? 0 : 1) + (stop === 'scale' ? 1 : 0)) % 2 === 0;
    const what = `${at.when} write ${at.write} of ${writes.length} (${writes[at.write - 1] ?? ''}), then ${back ? 'back' : 'on'}`;
    try {
      if (await survives(lane, await argvFor(lane), at, { back, method })) survived += 1;
      await tidy(lane);
    } catch (error) {
      throw new Error(`stopped ${what}: ${String(error)}`, { cause: error });
    }
    free.push(lane);
  });
  // The number of writes varies: when one read sees several changes at once, fewer writes report them.
  assert.ok(survived >= points.length - 3, `it was stopped ${survived} times of ${points.length}`);
  t.diagnostic(`survived ${survived}: ${when} each of ${writes.join(', ')}`);
}

void suite('interruption of a restore in place', () => {
  for (const stop of ['scale', 'gate'] as const)
    for (const when of ['before', 'after'] as const) {
      const method = 'swap';
      test(`by ${stop}, stopped ${when} every write`, (t) => testEveryWrite(t, { stop, when, method }));
    }
});

const tooSlow = isReal && 'on a real server, these take too long beside the others';
void suite('interruption of a restore in place that takes a snapshot first', { skip: tooSlow }, () => {
  for (const stop of ['scale', 'gate'] as const)
    for (const when of ['before', 'after'] as const) {
      test(`of claims that are recreated, by ${stop}, stopped ${when} every write`, (t) =>
        testEveryWrite(t, { stop, when, method: 'recreate' }));
    }
  test('with a snapshot from before, stopped after every write', (t) =>
    testEveryWrite(t, { stop: 'scale', when: 'after', method: 'swap', before: 'snapshot' }));
});
