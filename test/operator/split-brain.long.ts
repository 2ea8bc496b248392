/** Two operators that both think that they lead, for as long as one can: nothing is done twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupSessions, jobs, pods, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { logOf, runningHome } from '#test/session/hooked.ts';

import { eventually } from './eventually.ts';
import { openSessionStage, type SessionStage } from './session-stage.ts';
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

for (const runSessions of ['in-process', 'in-jobs'] as const) {
  test(`two operators at once, ${runSessions}: many sessions with hooks, retries and retention`, async (t) => {
    await using place = await openSessionStage(1);
    const { stage } = place;
    await Promise.all([place.operator({ runSessions }), place.operator({ runSessions })]);
    const ends = watchEnds(place);
    const homes = await Promise.all(
      Array.from({ length: runSessions === 'in-jobs' ? 4 : 12 }, () => runningHome(stage, ['data'])),
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
      const made = runSessions === 'in-jobs' ? all.length : 0;
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
