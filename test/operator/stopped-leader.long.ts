/** A leader is stopped at each of its writes in turn, and continues after another operator has taken over. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { backupSessions, jobs, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { isJobUnfinished } from '#src/domain/operator/decide-executor.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { backupsIn } from '#test/interruption/end-state.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { checkLog, logOf, runningHome } from '#test/session/hooked.ts';

import { dying, type Death } from './dying.ts';
import { eventually } from './eventually.ts';
import { ofNamespace } from './of-namespace.ts';
import { openSessionStage, type SessionStage } from './session-stage.ts';
import type { StartedOperator } from './start.ts';
import { failingOnce, isRetry, shell, tracedHooks } from './traces.ts';

interface Reign {
  readonly runSessions: 'in-jobs' | 'in-process';
  /** Speed of the operators' clock; the processes of Jobs use the machine's. */
  readonly times: number;
  readonly livesAtOnce: number;
  /** When the leader continues; left out: after the other operator has done all the work. */
  readonly wakes?: 'as the other one begins';
  readonly prepare?: (place: SessionStage, home: string) => Promise<void>;
  /** Acts as the user; resolves once all resulting work is done. The end state must not depend on who did it. */
  readonly play: (place: SessionStage, home: string) => Promise<unknown>;
}

/** Resolves with the end state and the leader's writes before it was stopped. */
async function reign(place: SessionStage, { runSessions, wakes, prepare, play }: Reign, death?: Death) {
  const { stage } = place;
  const home = await runningHome(stage, ['data']);
  await prepare?.(place, home);
  const options = { runSessions, leaderElect: true, namespace: home, maxFreezeMs: 3_600_000 };
  const writes: string[] = [];
  const woken = Promise.withResolvers<undefined>();
  const led: { leader?: StartedOperator; isStopped: boolean } = { isStopped: false };
  const leader = await place.operator({
    ...options,
    through: (cluster) =>
      dying(ofNamespace(cluster, home), {
        death,
        die: () => {
          led.isStopped = true;
          led.leader?.freeze();
          return woken.promise;
        },
        count: (what) => writes.push(what),
      }),
  });
  led.leader = leader;
  using waking = new DisposableStack();
  waking.defer(() => {
    leader.thaw();
    woken.resolve(undefined);
  });
  const works = ({ log }: StartedOperator) => log.some((line) => line.includes('the caches are filled'));
  await eventually(() => works(leader));
  await using other = await place.operator({
    ...options,
    through: (cluster) =>
      dying(ofNamespace(cluster, home), {
        death: undefined,
        die: () => Promise.resolve(),
        count: () => {
          if (led.isStopped && wakes !== undefined) waking.dispose();
          return 0;
        },
      }),
  });
  await play(place, home);
  await stage.until(backupSessions, home, (all) => all.every(isFinal));
  await stage.until(jobs, home, (all) => !all.some(isJobUnfinished));
  const came = await endsIn(place, home);
  const log = await logOf(stage, home);
  const { isStopped } = led;
  if (isStopped) {
    // The leader may have been stopped after its last write.
    await eventually(() => works(other));
    waking.dispose();
    await eventually(() => leader.log.some((line) => line.includes('no longer leading')));
  }
  await leader.stop();
  await other.stop();
  assert.deepEqual(await endsIn(place, home), came, 'the former leader changes nothing');
  // With a fast clock, a slow hook may end late, and the operator then thaws the application once more.
  const later = (await logOf(stage, home)).slice(log.length).join();
  assert.match(later, /^(thaw)?$/, 'the former leader runs no other hook');
  checkLog(log);
  return { came, log, writes, isStopped };
}

/** Ignores empty lists of conditions: whether an older session was tidied up depends on timing. */
async function endsIn({ stage }: SessionStage, home: string): Promise<unknown> {
  const text = JSON.stringify(await backupsIn(stage, home));
  return JSON.parse(text, (key, value: unknown) =>
    key === 'conditions' && Array.isArray(value) && value.length === 0 ? undefined : value,
  );
}

async function prove(t: TestContext, given: Reign): Promise<void> {
  await using place = await openSessionStage(given.times);
  const undisturbed = await reign(place, given);
  const { writes } = undisturbed;
  const deaths = writes.flatMap((_, index): Death[] => [
    { write: index + 1, when: 'before' },
    { write: index + 1, when: 'after' },
  ]);
  let survived = 0;
  await forEachBounded(deaths, given.livesAtOnce, async (death) => {
    const what = `stopped ${death.when} write ${death.write} of ${writes.length} (${writes[death.write - 1] ?? ''})`;
    const { came, log, isStopped } = await reign(place, given, death).catch((error: unknown) => {
      throw new Error(what, { cause: error });
    });
    assert.deepEqual(came, undisturbed.came, what);
    if (given.runSessions === 'in-jobs') assert.deepEqual(log, undisturbed.log, what);
    if (isStopped) survived += 1;
  });
  // A faster run renews its hold less often, and so has fewer writes.
  assert.ok(survived >= deaths.length - 4, `it was stopped ${survived} times of ${deaths.length}`);
  t.diagnostic(`survived ${survived} of ${survived}: before and after each of ${writes.join(', ')}`);
}

function isTriedAgain(all: readonly BackupSession[]): boolean {
  return all.some(isRetry) && all.some(({ status }) => status?.retried === true);
}

/** With such a fast clock, a slow machine would exceed any usual deadline. */
const patient = { timeOut: '10h' } as const;
const inProcess = { runSessions: 'in-process', times: 20, livesAtOnce: 4 } as const;

const olderCopyGoes: Reign = {
  ...inProcess,
  async prepare(place, namespace) {
    await place.configuration(namespace, {
      ...patient,
      hooks: tracedHooks,
      retentionPolicy: { name: 'last', keepLast: 1, prune: true },
    });
    const { stage, clock } = place;
    for (const words of [
      'operator create-backupsession --invoker-name deploy-app',
      'snapshot deploy/app --executor local',
    ]) {
      const taken = stage.play(words, { namespace, clock: hastyClock() });
      assert.equal(await taken.exit, 0, taken.context.stderr());
    }
    // Sessions are ordered by creation time, in whole seconds.
    const next = clock.now().getTime() + 1_000;
    await eventually(() => clock.now().getTime() >= next);
  },
  async play(place, home) {
    await place.session(home, 's1');
    await place.tidied(home, 's1');
    await place.stage.until(volumeSnapshots, home, (all) => all.length === 1);
  },
};

test('a session in the operator itself, after which retention deletes an older snapshot', (t) =>
  prove(t, olderCopyGoes));

test('the same, and the leader continues during the session', (t) =>
  prove(t, { ...olderCopyGoes, wakes: 'as the other one begins' }));

test('a session in the operator itself that fails, and fails again', (t) =>
  prove(t, {
    ...inProcess,
    async play(place, home) {
      await place.configuration(home, {
        ...patient,
        hooks: { preBackup: shell('exit 1') },
        retryConfig: { maxRetry: 1, delay: '1s' },
      });
      await place.session(home, 's1');
      await place.stage.until(backupSessions, home, isTriedAgain);
    },
  }));

test('sessions that Jobs carry out, of which the first one fails', (t) =>
  prove(t, {
    ...{ runSessions: 'in-jobs', times: 1, livesAtOnce: 9 },
    async play(place, home) {
      await place.configuration(home, {
        ...failingOnce,
        retentionPolicy: { name: 'last', keepLast: 2, prune: true },
      });
      await place.session(home, 's1');
      await place.stage.until(backupSessions, home, isTriedAgain);
    },
  }));
