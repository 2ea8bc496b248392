/**
 * Proves that no crash of the operator matters: it is killed before and after each of its writes in turn, and each time
 * the next operator reaches the same end state.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  jobs,
  roleBindings,
  serviceAccounts,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { reconcilers } from '#src/operator/reconcilers.ts';
import { backupsIn, restoresIn } from '#test/interruption/end-state.ts';
import { appRef } from '#test/session/app-objects.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { logOf, note, runningHome } from '#test/session/hooked.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { dying, type Death } from './dying.ts';
import { eventually } from './eventually.ts';
import { ofNamespace } from './of-namespace.ts';
import type { StartOptions } from './start.ts';
import { openSessionStage, type SessionStage } from './session-stage.ts';
import { failingOnce, isRetry, shell, tracedHooks } from './traces.ts';

interface Act {
  readonly operator: Partial<StartOptions>;
  /** Speed of the operators' clock: a killed operator counts as dead after half a minute of it. */
  readonly times: number;
  readonly prepare: (place: SessionStage) => Promise<string>;
  /** Acts as the user; resolves with the end states, in the order in which they were reached. */
  readonly play: (place: SessionStage, home: string) => Promise<unknown>;
}

const livesAtOnce = 8;

/** Resolves with the end states, the first operator's writes, and whether it was killed. */
async function live(place: SessionStage, act: Act, death?: Death) {
  const home = await act.prepare(place);
  const writes: string[] = [];
  const killed = Promise.withResolvers<undefined>();
  const first = await place.operator({
    ...act.operator,
    through: (cluster) =>
      dying(ofNamespace(cluster, home), {
        death,
        die: () => {
          killed.resolve(undefined);
          return new Promise(() => undefined);
        },
        count: (what) => writes.push(what),
      }),
  });
  const played = act.play(place, home);
  const died = await Promise.race([killed.promise.then(() => true), played.then(() => false)]);
  if (!died) {
    const came = await played;
    await first.stop();
    return { came, writes, died };
  }
  first.kill();
  await using second = await place.operator({
    ...act.operator,
    through: (cluster) => ofNamespace(cluster, home),
  });
  const came = await played;
  await second.stop();
  return { came, writes, died };
}

async function prove(t: TestContext, act: Act): Promise<void> {
  await using place = await openSessionStage(act.times);
  const { came: undisturbed, writes } = await live(place, act);
  const deaths = writes.flatMap((_, index): Death[] => [
    { write: index + 1, when: 'before' },
    { write: index + 1, when: 'after' },
  ]);
  let survived = 0;
  await forEachBounded(deaths, livesAtOnce, async (death) => {
    const what = `killed ${death.when} write ${death.write} of ${writes.length} (${writes[death.write - 1] ?? ''})`;
    const { came, died } = await live(place, act, death);
    assert.deepEqual(came, undisturbed, what);
    if (died) survived += 1;
  });
  // A faster run renews its hold less often, and so has fewer writes.
  assert.ok(survived >= deaths.length - 4, `it was killed ${survived} times of ${deaths.length}`);
  t.diagnostic(`survived ${survived} of ${survived}: before and after each of ${writes.join(', ')}`);
}

/** With such a fast clock, the default of a minute is too short for the next operator to start. */
const inProcess = { runSessions: 'in-process', maxFreezeMs: 3_600_000 } as const;

async function madeIn({ stage }: SessionStage, home: string): Promise<unknown> {
  const kinds: Resource[] = [cronJobs, serviceAccounts, roleBindings, jobs];
  const lists = await Promise.all(kinds.map((kind) => stage.all(kind, home)));
  return lists
    .flat()
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .filter((name) => name !== 'ServiceAccount default')
    .sort();
}

/** Each life waits ten seconds for its retry. */
const longest = 600_000;

test(
  'a configuration from creation to deletion, with sessions that fail, are retried and are tidied up',
  {
    timeout: longest,
  },
  (t) =>
    prove(t, {
      operator: { runSessions: 'in-jobs', reconcilers },
      times: 1,
      prepare: ({ stage }) => runningHome(stage, ['data']),
      async play(place, home) {
        const { stage } = place;
        const look = async () => [
          await backupsIn(stage, home),
          await madeIn(place, home),
          await logOf(stage, home),
        ];
        await place.configuration(
          home,
          {
            schedule: '0 3 1 1 *',
            ...failingOnce,
            retentionPolicy: { name: 'last', keepLast: 1, prune: true },
            backupHistoryLimit: 1,
            runtimeSettings: {},
          },
          null,
        );
        await stage.until(backupConfigurations, home, ([it]) => it?.status?.phase === 'Ready');
        await place.session(home, 's1');
        const [retry] = (await stage.until(backupSessions, home, (all) => all.some(isRetry))).filter(isRetry);
        // Sessions are ordered by creation time, in whole seconds.
        const next = Date.parse(retry?.metadata.creationTimestamp ?? '') + 1_000;
        await eventually(() => place.clock.now().getTime() >= next);
        await place.session(home, 's2');
        await place.tidied(home, 's2');
        await stage.until(volumeSnapshots, home, (all) => all.length === 1);
        await stage.until(jobs, home, (all) => all.length === 1);
        const settled = await look();
        await stage.sandbox.cluster.delete(backupConfigurations, { name: 'deploy-app', namespace: home });
        await stage.until(backupConfigurations, home, (all) => all.length === 0);
        for (const kind of [cronJobs, roleBindings] as Resource[]) {
          await stage.until(kind, home, (all) => all.length === 0);
        }
        await stage.until(serviceAccounts, home, (all) =>
          all.every(({ metadata }) => metadata.name === 'default'),
        );
        return [settled, await look()];
      },
    }),
);

test('a session with hooks, carried out by the operator itself', (t) =>
  prove(t, {
    operator: inProcess,
    times: 20,
    async prepare(place) {
      const home = await runningHome(place.stage, ['data']);
      await place.configuration(home, {
        hooks: tracedHooks,
        retentionPolicy: { name: 'last', keepLast: 3, prune: true },
      });
      return home;
    },
    async play(place, home) {
      await place.session(home, 's1');
      await place.tidied(home, 's1');
      return [await backupsIn(place.stage, home), await hookTrace(place, home)];
    },
  }));

for (const runSessions of ['in-jobs', 'in-process'] as const) {
  test(`a restore with hooks, ${runSessions}`, (t) =>
    prove(t, {
      operator: runSessions === 'in-jobs' ? { runSessions } : inProcess,
      times: runSessions === 'in-jobs' ? 1 : 20,
      async prepare({ stage }) {
        const namespace = await runningHome(stage, ['data', 'logs']);
        const taken = stage.play('snapshot deploy/app --executor local', { namespace, clock: hastyClock() });
        assert.equal(await taken.exit, 0, taken.context.stderr());
        return namespace;
      },
      async play(place, home) {
        const snapshots = await place.stage.all(volumeSnapshots, home);
        await place.restore(home, 'r1', {
          driver: 'VolumeSnapshotter',
          hooks: { preRestore: shell(note('freeze')), postRestore: shell(note('thaw')) },
          target: {
            ref: appRef,
            volumeClaimTemplates: snapshots.map(({ metadata, spec }) =>
              claimFrom(metadata.name, `${spec.source.persistentVolumeClaimName ?? ''}-back`),
            ),
          },
        });
        await place.restored(home, 'r1');
        return [await restoresIn(place.stage, home), await hookTrace(place, home)];
      },
    }));
}

/** An operator that is killed leaves the application quiesced; the next one thaws it before it quiesces it again. */
async function hookTrace({ stage }: SessionStage, home: string): Promise<unknown> {
  const log = await logOf(stage, home);
  return {
    quiescedTwiceInARow: /freeze,freeze/.test(log.join()),
    last: log.at(-1),
    ever: log.includes('freeze'),
  };
}
