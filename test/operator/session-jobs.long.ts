/** Sessions that Jobs carry out, each a process of its own. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupSessions, jobs, pods } from '#src/api/resources.ts';
import { withClass } from '#test/session/app-objects.ts';

import { backUp, disrupt, restore } from './carried-out.ts';
import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage(1);
const { stage } = place;
const { cluster } = stage.sandbox;
await place.operator({ runSessions: 'in-jobs' });
after(() => place[Symbol.asyncDispose]());

test('a Job takes the snapshots and ends its session', async () => {
  const { home, made, ended } = await backUp(place);
  assert.deepEqual(
    ended.status?.targets?.[0]?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
    [['BackupExecutorEnsured', 'SuccessfullyEnsuredBackupExecutor', 'job stash-vs-s1 carries it out']],
  );
  const [job] = await stage.until(jobs, home, ([only]) => only?.status?.succeeded === 1);
  assert.equal(job?.metadata.ownerReferences?.[0]?.uid, made.metadata.uid);
  const [pod] = await stage.all(pods, home);
  assert.match(
    ended.metadata.annotations?.['stash.appscode.com/executor'] ?? '',
    new RegExp(`^${pod?.metadata.name ?? 'none'} `),
  );
});

test('a Job that is deleted ends its session Failed, with the reason', async () => {
  const status = await disrupt(place, {
    message: 'job stash-vs-s1 was deleted',
    disturb: (home) =>
      cluster.delete(jobs, { name: 'stash-vs-s1', namespace: home }, { propagation: 'Background' }),
  });
  assert.equal(status.targets?.[0]?.stats?.[0]?.error, 'job stash-vs-s1 was deleted');
});

test('the next pod goes on with what a killed one began', async () => {
  await stage.snapshotClass('a-while', { delay: '2s' });
  const home = await stage.home(['data']);
  await place.configuration(home, withClass('a-while'));
  await place.session(home, 's1');
  await stage.until(backupSessions, home, ([session]) => session?.status?.phase === 'Running');
  const [first] = await stage.all(pods, home);
  const name = first?.metadata.name ?? '';
  await cluster.delete(pods, { name, namespace: home }, { gracePeriodSeconds: 0 });
  await stage.until(pods, home, (all) => all.every(({ metadata }) => metadata.name !== name));
  // The Job makes the next one after a pause.
  stage.sandbox.advance(10_000);
  const { status, metadata } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Succeeded');
  assert.ok(!(metadata.annotations?.['stash.appscode.com/executor'] ?? '').startsWith(name));
  assert.deepEqual(await stage.snapshotted(home), ['data']);
});

test('a restore Job brings claims back', async () => {
  assert.deepEqual(await restore(place), [
    ['RestoreTargetFound', 'TargetAvailable'],
    ['RestoreExecutorEnsured', 'SuccessfullyEnsuredRestoreExecutor'],
    ['RestoreCompleted', 'PostRestoreTasksExecuted'],
  ]);
});
