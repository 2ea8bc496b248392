/** How a user's own RestoreSession is carried out and ends. */
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
import { claimFrom } from '#test/support/claim-from.ts';

import { beginSession, openHome, shell, untilEnded, untilOne, untilRestored, foreignJob } from './home.ts';
import { restoreSession } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';
import { assertConditions, hasCondition, testReached } from './reached.ts';

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

/** A restore into claim `copy`, for a target that must exist. */
function beside(
  called: string,
  snapshot: string,
  ref: { readonly kind: string; readonly name: string },
  hooks: RestoreSession['spec']['hooks'] = {},
): RestoreSession {
  const session = restoreSession(called, [claimFrom(snapshot, 'copy', storageClass)]);
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
    assertConditions(status.conditions, notCompleted);
  });

  test("Invalid: it asks for another claim's volume", async (t) => {
    const { place, snapshot } = await taken(t);
    const [bound] = await place.list(persistentVolumeClaims);
    const { metadata, spec } = claimFrom(snapshot, 'copy', storageClass);
    const template = { metadata, spec: { ...spec, volumeName: bound?.spec.volumeName ?? '' } };
    await place.create(restoreSessions, restoreSession('theirs', [template]));
    const { status } = await untilRestored(place, 'theirs');
    assert.equal(status?.phase, 'Invalid');
    assert.match(JSON.stringify(status), /volumeClaimTemplates\[0\]\.spec\.volumeName is refused/);
    const claims = await place.list(persistentVolumeClaims);
    assert.deepEqual(
      claims.map((it) => it.metadata.name),
      ['data'],
    );
  });

  test('Failed: the snapshot does not exist', async (t) => {
    const place = await openPlace(t, server);
    await place.create(restoreSessions, restoreSession('lost', [claimFrom('no-such', 'copy', storageClass)]));
    const { status } = await untilRestored(place, 'lost');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /no-such/);
    assertConditions(status.conditions, ensured, found, notCompleted);
    assert.deepEqual(await place.list(persistentVolumeClaims), []);
  });

  test('hooks: both run in the pods of its target', async (t) => {
    const { place, snapshot } = await taken(t);
    const hooks = { preRestore: note('before'), postRestore: note('after') };
    await place.create(restoreSessions, beside('copies', snapshot, demo, hooks));
    const { status } = await untilRestored(place, 'copies');
    assert.equal(status?.phase, 'Succeeded');
    assertConditions(status.conditions, ensured, found, completed, preRan, postRan);
    const [pod = ''] = await place.running('stash-demo');
    assert.equal(await place.sh(pod, 'cat /source/data/hooks'), 'before\nafter');
    assert.equal(await place.look(['copy'], 'cat /source/copy/data.txt'), 'sample_data');
  });

  test('hooks: if preRestore fails, nothing is restored', async (t) => {
    const { place, snapshot } = await taken(t);
    const hooks = { preRestore: shell('echo not now >&2; exit 3'), postRestore: note('after') };
    await place.create(restoreSessions, beside('refused', snapshot, demo, hooks));
    const { status } = await untilRestored(place, 'refused');
    assert.equal(status?.phase, 'Failed');
    assertConditions(status.conditions, ensured, found, completed, preFailed, postRan);
    assert.match(JSON.stringify(status), /not now/);
    assert.equal((await place.list(persistentVolumeClaims)).length, 1);
  });

  test('hooks: if postRestore fails, the session fails and the claim stays', async (t) => {
    const { place, snapshot } = await taken(t);
    await place.create(restoreSessions, beside('untidy', snapshot, demo, { postRestore: shell('exit 4') }));
    const { status } = await untilRestored(place, 'untidy');
    assert.equal(status?.phase, 'Failed');
    assertConditions(status.conditions, ensured, found, notCompleted, postFailed);
    assert.equal(await place.look(['copy'], 'cat /source/copy/data.txt'), 'sample_data');
  });

  test('RestoreTargetFound: it waits for its target', async (t) => {
    const { place, snapshot } = await taken(t);
    await place.create(restoreSessions, beside('early', snapshot, { kind: 'Deployment', name: 'later' }));
    await untilOne(place, restoreSessions, 'early', ({ status }) =>
      hasCondition(status?.conditions, 'RestoreTargetFound False TargetNotAvailable'),
    );
    assert.deepEqual(
      (await place.list(persistentVolumeClaims)).map(({ metadata }) => metadata.name),
      ['data'],
    );
    await place.create(deployments, deployment('later', ['data']));
    const { status } = await untilRestored(place, 'early');
    assert.equal(status?.phase, 'Succeeded');
    assertConditions(status.conditions, ensured, found, completed);
  });

  test('RestoreTargetFound: an unsupported kind', async (t) => {
    const place = await openPlace(t, server);
    const session = beside('odd', 'no-such', { kind: 'Gadget', name: 'g' });
    await place.create(restoreSessions, { ...session, spec: { ...session.spec, timeOut: '3s' } });
    const { status } = await untilRestored(place, 'odd');
    assert.equal(status?.phase, 'Failed');
    assert(hasCondition(status.conditions, 'RestoreTargetFound False UnableToCheckTargetAvailability'));
    await place.until(events, (all) =>
      all.some(({ reason, type }) => reason === 'UnableToCheckTargetAvailability' && type === 'Warning'),
    );
  });

  test('RestoreExecutorEnsured: a foreign Job has that name', async (t) => {
    const place = await openPlace(t, server);
    await place.create(jobs, foreignJob(restoreJobName('copies')));
    await place.create(restoreSessions, restoreSession('copies', [claimFrom('any', 'copy', storageClass)]));
    const { status } = await untilRestored(place, 'copies');
    assert.equal(status?.phase, 'Failed');
    assertConditions(status.conditions, found, 'RestoreExecutorEnsured False FailedToEnsureRestoreExecutor');
    assert.deepEqual(await place.list(persistentVolumeClaims), []);
  });

  test('a claim with WaitForFirstConsumer: Unknown', { skip: server.waitClass === undefined }, async (t) => {
    const { place, snapshot } = await taken(t);
    await place.create(
      restoreSessions,
      restoreSession('waits', [claimFrom(snapshot, 'copy', server.waitClass ?? '')]),
    );
    const { status } = await untilRestored(place, 'waits');
    assert.deepEqual([status?.phase, status?.stats?.[0]?.phase], ['Unknown', 'Unknown']);
  });
});

testReached(import.meta.filename, false);
