/** How a RestoreSession that somebody made by hand is carried out, and how it ends. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import {
  deployments,
  events,
  jobs,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { restoreJobName } from '#src/domain/workload/names.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';

import { beginSession, openHome, shell, theirJob, untilEnded, untilOne, untilRestored } from './home.ts';
import { restoreSession, template } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';
import { assertTold, isTold, testReached } from './reached.ts';

const server = await startOperatorServer();
const { storageClass } = server;

const found = 'RestoreTargetFound True TargetAvailable';
const ensured = 'RestoreExecutorEnsured True SuccessfullyEnsuredRestoreExecutor';
const completed = 'RestoreCompleted True PostRestoreTasksExecuted';
const notCompleted = 'RestoreCompleted False PostRestoreTasksNotExecuted';
const preRan = 'PreRestoreHookExecutionSucceeded True SuccessfullyExecutedPreRestoreHook';
const preFailed = 'PreRestoreHookExecutionSucceeded False FailedToExecutePreRestoreHook';
const postRan = 'PostRestoreHookExecutionSucceeded True SuccessfullyExecutedPostRestoreHook';
const postFailed = 'PostRestoreHookExecutionSucceeded False FailedToExecutePostRestoreHook';

async function taken(t: TestContext): Promise<{ place: Place; snapshot: string }> {
  const place = await openHome(t, server);
  await beginSession(place, 'taken');
  assert.equal((await untilEnded(place, 'taken')).status?.phase, 'Succeeded');
  const [snapshot] = await place.list(volumeSnapshots);
  return { place, snapshot: snapshot?.metadata.name ?? '' };
}

/** Into claim `copy`, beside a target that has to be there. */
function beside(
  called: string,
  snapshot: string,
  ref: { readonly kind: string; readonly name: string },
  hooks: RestoreSession['spec']['hooks'] = {},
): RestoreSession {
  const session = restoreSession(called, [template('copy', snapshot, storageClass)]);
  const apiVersion = 'apps/v1';
  const target = { ...session.spec.target, ref: { apiVersion, ...ref } };
  return { ...session, spec: { ...session.spec, target, hooks } };
}

const demo = { kind: 'Deployment', name: 'stash-demo' };
const note = (what: string) => shell(`echo ${what} >> /source/data/hooks`);

await suite('RestoreSession', { concurrency: 6 }, () => {
  test('Invalid: it has no volumeClaimTemplates', async (t) => {
    const place = await openPlace(t, server);
    await place.create(restoreSessions, restoreSession('empty', []));
    const { status } = await untilRestored(place, 'empty');
    assert.equal(status?.phase, 'Invalid');
    assertTold(status.conditions, notCompleted);
  });

  test('Failed: the snapshot does not exist', async (t) => {
    const place = await openPlace(t, server);
    await place.create(restoreSessions, restoreSession('lost', [template('copy', 'no-such', storageClass)]));
    const { status } = await untilRestored(place, 'lost');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /no-such/);
    assertTold(status.conditions, ensured, found, notCompleted);
    assert.deepEqual(await place.list(persistentVolumeClaims), []);
  });

  test('hooks: both ran, in the pods of its target', async (t) => {
    const { place, snapshot } = await taken(t);
    const hooks = { preRestore: note('before'), postRestore: note('after') };
    await place.create(restoreSessions, beside('copies', snapshot, demo, hooks));
    const { status } = await untilRestored(place, 'copies');
    assert.equal(status?.phase, 'Succeeded');
    assertTold(status.conditions, ensured, found, completed, preRan, postRan);
    const [pod = ''] = await place.running('stash-demo');
    assert.equal(await place.sh(pod, 'cat /source/data/hooks'), 'before\nafter');
    assert.equal(await place.look(['copy'], 'cat /source/copy/data.txt'), 'sample_data');
  });

  test('hooks: where preRestore fails nothing is restored', async (t) => {
    const { place, snapshot } = await taken(t);
    const hooks = { preRestore: shell('echo not now >&2; exit 3'), postRestore: note('after') };
    await place.create(restoreSessions, beside('refused', snapshot, demo, hooks));
    const { status } = await untilRestored(place, 'refused');
    assert.equal(status?.phase, 'Failed');
    assertTold(status.conditions, ensured, found, completed, preFailed, postRan);
    assert.match(JSON.stringify(status), /not now/);
    assert.equal((await place.list(persistentVolumeClaims)).length, 1);
  });

  test('hooks: where postRestore fails the session does, and the claim stays', async (t) => {
    const { place, snapshot } = await taken(t);
    await place.create(restoreSessions, beside('untidy', snapshot, demo, { postRestore: shell('exit 4') }));
    const { status } = await untilRestored(place, 'untidy');
    assert.equal(status?.phase, 'Failed');
    assertTold(status.conditions, ensured, found, notCompleted, postFailed);
    assert.equal(await place.look(['copy'], 'cat /source/copy/data.txt'), 'sample_data');
  });

  test('RestoreTargetFound: it waits for its target', async (t) => {
    const { place, snapshot } = await taken(t);
    await place.create(restoreSessions, beside('early', snapshot, { kind: 'Deployment', name: 'later' }));
    await untilOne(place, restoreSessions, 'early', ({ status }) =>
      isTold(status?.conditions, 'RestoreTargetFound False TargetNotAvailable'),
    );
    assert.deepEqual(
      (await place.list(persistentVolumeClaims)).map(({ metadata }) => metadata.name),
      ['data'],
    );
    await place.create(deployments, deployment('later', ['data']));
    const { status } = await untilRestored(place, 'early');
    assert.equal(status?.phase, 'Succeeded');
    assertTold(status.conditions, ensured, found, completed);
  });

  test('RestoreTargetFound: a kind that nobody looks for', async (t) => {
    const place = await openPlace(t, server);
    const session = beside('odd', 'no-such', { kind: 'Gadget', name: 'g' });
    await place.create(restoreSessions, { ...session, spec: { ...session.spec, timeOut: '3s' } });
    const { status } = await untilRestored(place, 'odd');
    assert.equal(status?.phase, 'Failed');
    assert(isTold(status.conditions, 'RestoreTargetFound False UnableToCheckTargetAvailability'));
    await place.until(events, (all) =>
      all.some(({ reason, type }) => reason === 'UnableToCheckTargetAvailability' && type === 'Warning'),
    );
  });

  test('RestoreExecutorEnsured: a Job of that name is somebody else’s', async (t) => {
    const place = await openPlace(t, server);
    await place.create(jobs, theirJob(restoreJobName('copies')));
    await place.create(restoreSessions, restoreSession('copies', [template('copy', 'any', storageClass)]));
    const { status } = await untilRestored(place, 'copies');
    assert.equal(status?.phase, 'Failed');
    assertTold(status.conditions, found, 'RestoreExecutorEnsured False FailedToEnsureRestoreExecutor');
    assert.deepEqual(await place.list(persistentVolumeClaims), []);
  });

  test('waits for its first consumer: Unknown', { skip: server.waitClass === undefined }, async (t) => {
    const { place, snapshot } = await taken(t);
    await place.create(
      restoreSessions,
      restoreSession('waits', [template('copy', snapshot, server.waitClass ?? '')]),
    );
    const { status } = await untilRestored(place, 'waits');
    assert.deepEqual([status?.phase, status?.stats?.[0]?.phase], ['Unknown', 'Unknown']);
  });
});

testReached(import.meta.filename, false);
