/** Two operators that both think that they lead, for as long as one can: nothing is done twice. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupSessions, jobs, pods, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { isFinal } from '#src/domain/session-status.ts';
import { forEachBounded } from '#src/session/persist.ts';
import { backupsIn } from '#test/interruption/end-state.ts';
import { checkLog, logOf, runningHome } from '#test/session/hooked.ts';

import { dying, type Death } from './dying.ts';
import { eventually } from './eventually.ts';
import { ofNamespace } from './of-namespace.ts';
import { openSessionStage, type SessionStage } from './session-stage.ts';
import type { StartedOperator } from './start.ts';
import { failingOnce, isRetry, tracedHooks } from './traces.ts';

/** Sessions that were told to have ended in two ways, as the watch of a third party sees it. */
function watchEnds({ stage }: SessionStage): { readonly twice: string[]; stop(): Promise<void> } {
  const twice: string[] = [];
  const ends = new Map<string, string>();
  const over = new AbortController();
  const note = (session: Stored<BackupSession>) => {
    if (!isFinal(session)) return;
    const { phase, sessionDuration, targets } = session.status ?? {};
    const end = JSON.stringify({ phase, sessionDuration, targets });
    const before = ends.get(session.metadata.uid);
    if (before !== undefined && before !== end) twice.push(`${before}, then ${end}`);
    ends.set(session.metadata.uid, end);
  };
  const watched = (async () => {
    for await (const event of stage.sandbox.cluster.watch(backupSessions, {}, over.signal)) {
      if (event.type === 'changed') note(event.object);
      else if (event.type === 'listed') event.items.forEach(note);
    }
  })();
  return {
    twice,
    async stop() {
      over.abort();
      await watched.catch(() => undefined);
    },
  };
}

/** One that fails and is tried again, then others, each tidied up before the next one. */
async function sessionsIn(place: SessionStage, home: string, fails: boolean): Promise<void> {
  const { stage } = place;
  await place.configuration(home, {
    ...(fails ? failingOnce : { hooks: tracedHooks }),
    retentionPolicy: { name: 'last', keepLast: 2, prune: true },
  });
  let created = 0;
  for (const name of ['s1', 's2', 's3']) {
    // Which one is newer is told by whole seconds, in which they are cut.
    await eventually(() => place.clock.now().getTime() >= created + 2_000);
    const session = await place.session(home, name);
    if (fails && name === 's1') {
      const [retry] = (await stage.until(backupSessions, home, (all) => all.some(isRetry))).filter(isRetry);
      created = Date.parse(retry?.metadata.creationTimestamp ?? '');
    } else {
      await place.tidied(home, name);
      created = Date.parse(session.metadata.creationTimestamp);
    }
  }
  await stage.until(volumeSnapshots, home, (all) => all.length === 2);
}

for (const executor of ['in-process', 'job'] as const) {
  test(`two operators at once, ${executor}: many sessions with hooks, retries and retention`, async (t) => {
    await using place = await openSessionStage(1);
    const { stage } = place;
    await Promise.all([place.operator({ executor }), place.operator({ executor })]);
    const ends = watchEnds(place);
    const homes = await Promise.all(
      Array.from({ length: executor === 'job' ? 4 : 12 }, () => runningHome(stage, ['data'])),
    );
    const fails = (home: string) => homes.indexOf(home) % 2 === 1;
    await Promise.all(homes.map((home) => sessionsIn(place, home, fails(home))));
    let sessions = 0;
    for (const home of homes) {
      const all = await stage.all(backupSessions, home);
      sessions += all.length;
      assert.equal(all.length, fails(home) ? 4 : 3, home);
      assert.equal(all.filter(({ status }) => status?.phase === 'Succeeded').length, 3, home);
      const once = ['freeze', 'thaw'];
      // What fails to quiesce is thawed all the same.
      assert.deepEqual(await logOf(stage, home), [
        ...(fails(home) ? ['thaw'] : []),
        ...once,
        ...once,
        ...once,
      ]);
      const left = await stage.all(volumeSnapshots, home);
      assert.deepEqual(
        left.map(({ metadata }) => metadata.annotations?.[annotation.sessionName]).sort(),
        ['s2', 's3'],
        home,
      );
      const made = executor === 'job' ? all.length : 0;
      assert.equal((await stage.all(jobs, home)).length, made, home);
      const ofJobs = (await stage.all(pods, home)).filter(
        ({ metadata }) => metadata.ownerReferences?.[0]?.kind === 'Job',
      );
      assert.equal(ofJobs.length, made, home);
    }
    await ends.stop();
    assert.deepEqual(ends.twice, []);
    t.diagnostic(`${sessions} sessions, each once`);
  });
}

const livesAtOnce = 8;

interface Reign {
  readonly executor: 'job' | 'in-process';
  /** How fast the operators' time goes. */
  readonly times: number;
}

/** The leader is stopped at a write until another one has done all that there was to do, and then goes on. */
async function reign(place: SessionStage, { executor }: Reign, death?: Death) {
  const { stage } = place;
  const home = await runningHome(stage, ['data']);
  const options = { executor, leaderElect: true, namespace: home, maxFreezeMs: 3_600_000 };
  const writes: string[] = [];
  const thawed = Promise.withResolvers<undefined>();
  const led: { leader?: StartedOperator; stopped?: true } = {};
  using thawing = new DisposableStack();
  thawing.defer(() => {
    thawed.resolve(undefined);
  });
  const leader = await place.operator({
    ...options,
    through: (cluster) =>
      dying(ofNamespace(cluster, home), {
        death,
        die: () => {
          led.leader?.freeze();
          led.stopped = true;
          return thawed.promise;
        },
        count: (what) => writes.push(what),
      }),
  });
  led.leader = leader;
  await eventually(() => leader.log.some((line) => line.includes('the caches are filled')));
  await using other = await place.operator({
    ...options,
    through: (cluster) => ofNamespace(cluster, home),
  });
  await place.configuration(home, {
    ...failingOnce,
    retentionPolicy: { name: 'last', keepLast: 2, prune: true },
  });
  await place.session(home, 's1');
  await stage.until(backupSessions, home, (all) => all.some(isRetry) && all.every(isFinal));
  const what = `stopped ${death?.when ?? 'never'} at write ${death?.write ?? 0} (${writes.at(-1) ?? 'none'})`;
  const came = await backupsIn(stage, home);
  const log = await logOf(stage, home);
  checkLog(log, what);
  if (executor === 'job') assert.deepEqual(log, ['thaw', 'freeze', 'thaw'], what);
  const didStop = led.stopped === true;
  if (didStop) {
    const before = await versions(place, home);
    leader.thaw();
    thawed.resolve(undefined);
    await eventually(() => leader.log.some((line) => line.includes('no longer leading')), what);
    await leader.stop();
    assert.deepEqual(await versions(place, home), before, `${what}, and woken up`);
    assert.deepEqual(await logOf(stage, home), log, `${what}, and woken up`);
  } else await leader.stop();
  await other.stop();
  return { came, writes, didStop };
}

async function versions({ stage }: SessionStage, home: string): Promise<unknown> {
  const kinds: Resource[] = [backupSessions, volumeSnapshots, jobs];
  const objects = await Promise.all(kinds.map((kind) => stage.all(kind, home)));
  return objects.flat().map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion]);
}

async function prove(t: TestContext, given: Reign): Promise<void> {
  await using place = await openSessionStage(given.times);
  const ends = watchEnds(place);
  const { came: undisturbed, writes } = await reign(place, given);
  const deaths = writes.flatMap((_, index): Death[] => [
    { write: index + 1, when: 'before' },
    { write: index + 1, when: 'after' },
  ]);
  let survived = 0;
  await forEachBounded(deaths, livesAtOnce, async (death) => {
    const { came, didStop } = await reign(place, given, death);
    assert.deepEqual(came, undisturbed, `stopped ${death.when} write ${death.write} of ${writes.length}`);
    if (didStop) survived += 1;
  });
  await ends.stop();
  assert.deepEqual(ends.twice, []);
  // One that is quicker renews its hold less often.
  assert.ok(survived >= deaths.length - 4, `it was stopped ${survived} times of ${deaths.length}`);
  t.diagnostic(`survived ${survived} of ${survived}: before and after each of ${writes.join(', ')}`);
}

test('a leader that is stopped at each of its writes, and wakes up past its Lease, in-process', (t) =>
  prove(t, { executor: 'in-process', times: 5 }));

test('a leader that is stopped at each of its writes, and wakes up past its Lease, with Jobs', (t) =>
  prove(t, { executor: 'job', times: 5 }));
