/** What the operator does about restores in place, which only a command line carries out. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { stashCondition } from '#src/api/conditions.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { jobs, restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { findCondition, withCondition } from '#src/domain/session/session-status.ts';
import { inPlaceSession, type InPlaceChanges } from '#test/domain/in-place/in-place-session.ts';
import { describeConditions } from '#test/e2e/operator/reached.ts';
import { runningHome } from '#test/session/hooked.ts';

import { eventually } from './eventually.ts';
import { openSessionStage, type SessionStage } from './session-stage.ts';

const name = 'swap';
const died = 'SwapInterrupted True ExecutorDied';
const resumed = 'SwapInterrupted False ExecutorResumed';
const stopped = { record: { stopping: true, volumesOf: name }, holder: 'cli-1 1' };

/** Creates the session in this state, and resolves with functions that a command line would call. */
async function swap({ stage }: SessionStage, namespace: string, changes: InPlaceChanges, named = name) {
  const { cluster } = stage.sandbox;
  const at = { name: named, namespace };
  const target = { kind: 'Deployment', name: 'app', namespace } as const;
  const { status, ...session } = inPlaceSession({ target, ...changes, metadata: { name: named } });
  await cluster.create(restoreSessions, session);
  const write = (present: RestoreSession['status']) =>
    cluster.patch(restoreSessions, at, { status: present }, { subresource: 'status' });
  // Every time limit has passed: a restore of another kind would be ended.
  await write({ ...status, sessionDeadline: '2026-03-14T03:00:00Z' });
  const found = (all: readonly Stored<RestoreSession>[]) =>
    all.find(({ metadata }) => metadata.name === named);
  return {
    /** As a command line does at the end, whose write says so itself. */
    end: async (phase: 'Succeeded' | 'Failed') => {
      const { status: present } = await cluster.get(restoreSessions, named, namespace);
      const { restoreCompleted } = stashCondition;
      const conditions = withCondition(present?.conditions, restoreCompleted, new Date());
      await write({ ...present, phase, conditions });
    },
    renew: (counter: number) =>
      cluster.patch(restoreSessions, at, {
        metadata: { annotations: { [annotation.executor]: `cli-1 ${counter}` } },
      }),
    /** Resolves with the session once it has this condition. */
    told: async (condition: string) => {
      const all = await stage.until(restoreSessions, namespace, (sessions) =>
        describeConditions(found(sessions)?.status?.conditions).includes(condition),
      );
      return found(all);
    },
    present: () => cluster.get(restoreSessions, named, namespace),
  };
}

const gauge = async (url: string) =>
  (await (await fetch(`${url}/metrics`)).text())
    .split('\n')
    .filter((line) => line.startsWith('stash_restore_in_place_interrupted{'));

const shared = await openSessionStage(60);
after(() => shared[Symbol.asyncDispose]());

test('a restore in place whose command line dies is reported, not ended', async () => {
  const place = shared;
  const operator = await place.operator({ runSessions: 'in-jobs' });
  const home = await place.stage.home(['data']);
  const { told, renew, end } = await swap(place, home, stopped);
  const interrupted = await told(died);
  assert.equal(interrupted?.status?.phase, 'Running');
  const message =
    'the workload may be stopped: cli-1 has shown no sign of life since its renewal 1; ' +
    `to go on: kubectl stash restore deployment/app --in-place -n ${home} --from point; ` +
    `to go back: kubectl stash undo swap -n ${home}`;
  assert.equal(findCondition(interrupted, 'SwapInterrupted')?.message, message);
  assert.deepEqual(await gauge(operator.url), [
    `stash_restore_in_place_interrupted{namespace="${home}",restoresession="swap"} 1`,
  ]);

  await renew(2);
  await told(resumed);
  assert.deepEqual(await gauge(operator.url), []);
  await end('Succeeded');
  const events = () => place.told(home, 'RestoreSession', name);
  await eventually(async () => (await events()).length === 3);
  assert.deepEqual((await events()).sort(), [
    'Normal ExecutorResumed: cli-1 goes on with it',
    'Normal RestoreSucceeded: its claims have their new volumes',
    `Warning ExecutorDied: ${message}`,
  ]);
  assert.deepEqual(await place.stage.all(jobs, home), []);
  await operator.stop();
});

test('what was interrupted before it stopped the workload is only told', async () => {
  const place = shared;
  const operator = await place.operator();
  const home = await place.stage.home(['data']);
  const { present } = await swap(place, home, { record: { volumesOf: name }, conditions: ['claimsStaged'] });
  const before = await present();
  await eventually(async () => (await place.told(home, 'RestoreSession', name)).length > 0);
  assert.deepEqual(await place.told(home, 'RestoreSession', name), [
    'Warning RestoreWaiting: the workload is not stopped: no command line goes on with the restore in place; ' +
      `to go on: kubectl stash restore deployment/app --in-place -n ${home} --from point; ` +
      `to go back: kubectl stash undo swap -n ${home}`,
  ]);
  assert.deepEqual(await present(), before);
  await operator.stop();
});

test('the next leader does not take the dead command line for one that has just shown a sign of life', async () => {
  const place = shared;
  const first = await place.operator();
  const home = await place.stage.home(['data']);
  const one = await swap(place, home, stopped);
  await one.told(died);
  await eventually(async () => (await place.told(home, 'RestoreSession', name)).length > 0);
  const before = await one.present();
  await first.stop();
  const operator = await place.operator();
  const other = await swap(
    place,
    home,
    { ...stopped, target: { kind: 'Deployment', name: 'x', namespace: home } },
    'o',
  );
  await other.told(died);
  assert.deepEqual(await one.present(), before);
  assert.equal((await place.told(home, 'RestoreSession', name)).length, 1);
  await operator.stop();
});

test('backups of its workload are Skipped until it has ended', async () => {
  const place = shared;
  const operator = await place.operator({ runSessions: 'in-process' });
  const home = await runningHome(place.stage, ['data']);
  await place.configuration(home);
  const { told, end } = await swap(place, home, stopped);
  // Each kind has its own watch: the session is delivered before the backup.
  await told(died);
  await place.session(home, 's1');
  const { status } = await place.ended(home, 's1');
  assert.deepEqual(
    [status?.phase, status?.conditions?.map(({ type, message }) => [type, message])],
    ['Skipped', [['BackupSkipped', 'restoresession/swap swaps its claims']]],
  );
  await end('Failed');
  await place.session(home, 's2');
  assert.equal((await place.ended(home, 's2')).status?.phase, 'Succeeded');
  await operator.stop();
});
