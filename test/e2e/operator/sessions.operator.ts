/** How a user's own BackupSession is carried out and ends. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  deployments,
  jobs,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { snapshotterJobName } from '#src/domain/workload/names.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace } from '#test/e2e/place.ts';

import {
  beginSession,
  faultyClass,
  createWorkload,
  name,
  needsFaults,
  openHome,
  shell,
  foreignJob,
  untilConfiguration,
  untilEnded,
  untilReady,
  untilSession,
} from './home.ts';
import { configuration } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';
import { assertConditions, hasCondition, testReached } from './reached.ts';

const server = await startOperatorServer();
const { cluster } = server;
const skip = needsFaults(server);

await suite('BackupSession', { concurrency: 6 }, () => {
  test('an unschedulable Job fails the session at its deadline, with the reason', async (t) => {
    const place = await openHome(t, server, {
      spec: { timeOut: '5s', runtimeSettings: { pod: { nodeSelector: { 'kubernetes.io/os': 'plan9' } } } },
    });
    await beginSession(place, 'homeless');
    const { status } = await untilEnded(place, 'homeless');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /cannot be scheduled/);
  });

  test('DeadlineExceeded: a driver that never finishes', { skip }, async (t) => {
    const place = await openPlace(t, server);
    const never = await faultyClass(t, server, place, { fault: 'never-ready' });
    await createWorkload(place, { snapshotClassName: never, spec: { timeOut: '5s' } });
    await beginSession(place, 'late');
    const { status } = await untilEnded(place, 'late');
    assert.equal(status?.phase, 'Failed');
    assert(hasCondition(status.conditions, 'DeadlineExceeded True FailedToCompleteWithinDeadline'));
  });

  test('BackupSkipped: its configuration is not Ready', async (t) => {
    const place = await openPlace(t, server);
    await place.create(backupConfigurations, configuration(name));
    await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
    await beginSession(place, 'early');
    const { status } = await untilSession(
      place,
      'early',
      (it) => isFinal(it) && it.status?.conditions?.length === 2,
    );
    assert.equal(status?.phase, 'Skipped');
    assertConditions(
      status.conditions,
      'BackupHistoryCleaned True SuccessfullyCleanedBackupHistory',
      'BackupSkipped True SkippedTakingNewBackup',
    );
  });

  test('BackupSkipped: another of the same invoker runs', { skip }, async (t) => {
    const place = await openPlace(t, server);
    const slow = await faultyClass(t, server, place, { delay: '15s' });
    await createWorkload(place, { snapshotClassName: slow });
    await beginSession(place, 'first');
    await place.until(volumeSnapshots, (all) => all.length === 1);
    await beginSession(place, 'second');
    const second = await untilEnded(place, 'second');
    assert.equal(second.status?.phase, 'Skipped');
    assert.equal((await untilEnded(place, 'first')).status?.phase, 'Succeeded');
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });

  test('BackupExecutorEnsured: a foreign Job has that name', async (t) => {
    const place = await openHome(t, server);
    await place.create(jobs, foreignJob(snapshotterJobName('by-hand')));
    await beginSession(place, 'by-hand');
    const { status } = await untilEnded(place, 'by-hand');
    assert.equal(status?.phase, 'Failed');
    assertConditions(
      status.targets?.[0]?.conditions,
      'BackupExecutorEnsured False FailedToEnsureBackupExecutor',
    );
    assert.equal((await place.list(jobs)).length, 1);
  });

  test('RetentionPolicyApplied and BackupHistoryCleaned', async (t) => {
    const place = await openHome(t, server, {
      spec: { retentionPolicy: { name: 'last', keepLast: 1, prune: true }, backupHistoryLimit: 1 },
    });
    for (const called of ['one', 'two']) {
      await beginSession(place, called);
      const { status } = await untilEnded(place, called);
      assert.equal(status?.phase, 'Succeeded');
      assertConditions(
        status.targets?.[0]?.conditions,
        'BackupExecutorEnsured True SuccessfullyEnsuredBackupExecutor',
      );
    }
    const tidied = await untilSession(place, 'two', ({ status }) => status?.conditions?.length === 2);
    assertConditions(
      tidied.status?.conditions,
      'BackupHistoryCleaned True SuccessfullyCleanedBackupHistory',
      'RetentionPolicyApplied True SuccessfullyAppliedRetentionPolicy',
    );
    await place.until(volumeSnapshots, (all) => all.length === 1);
    await place.until(backupSessions, (all) => all.length === 1);
  });

  test('RetentionPolicyApplied: a policy that has become invalid deletes nothing', { skip }, async (t) => {
    const place = await openPlace(t, server);
    const slow = await faultyClass(t, server, place, { delay: '15s' });
    await createWorkload(place, { snapshotClassName: slow });
    await beginSession(place, 'surprised');
    await place.until(volumeSnapshots, (all) => all.length === 1);
    await cluster.patch(
      backupConfigurations,
      { name, namespace: place.namespace },
      { spec: { retentionPolicy: { keepLast: -1 } } },
    );
    const { status } = await untilSession(place, 'surprised', (it) =>
      hasCondition(it.status?.conditions, 'RetentionPolicyApplied False FailedToApplyRetentionPolicy'),
    );
    assert.equal(status?.phase, 'Succeeded');
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });

  test('BackupDisrupted: its Job is deleted', { skip }, async (t) => {
    const place = await openPlace(t, server);
    const never = await faultyClass(t, server, place, { fault: 'never-ready' });
    await createWorkload(place, { snapshotClassName: never });
    await beginSession(place, 'disrupted');
    await place.until(volumeSnapshots, (all) => all.length === 1);
    await cluster.delete(
      jobs,
      { name: snapshotterJobName('disrupted'), namespace: place.namespace },
      { propagation: 'Background' },
    );
    const { status } = await untilEnded(place, 'disrupted');
    assert.equal(status?.phase, 'Failed');
    assert(hasCondition(status.conditions, 'BackupDisrupted True FailedToCompleteDueToDisruption'));
  });

  test('retryConfig: a failed session is retried', async (t) => {
    const place = await openHome(t, server, {
      spec: {
        retryConfig: { maxRetry: 1, delay: '1s' },
        backupHistoryLimit: 5,
        hooks: {
          preBackup: shell('test -e /source/data/tried || { touch /source/data/tried; exit 1; }'),
        },
      },
    });
    await beginSession(place, 'first');
    const first = await untilSession(place, 'first', ({ status }) => status?.retried === true);
    assert.equal(first.status?.phase, 'Failed');
    const second = await place.until(backupSessions, (all) =>
      all.find((it) => it.metadata.name !== 'first' && isFinal(it)),
    );
    assert.deepEqual([second.status?.phase, second.spec.retryLeft], ['Succeeded', 0]);
  });

  test('a session is Skipped while its target is missing', async (t) => {
    const place = await openHome(t, server);
    await place.remove(deployments, 'stash-demo');
    await untilConfiguration(place, ({ status }) => status?.phase === 'NotReady');
    await beginSession(place, 'between');
    assert.equal((await untilEnded(place, 'between')).status?.phase, 'Skipped');
    await place.create(deployments, deployment('stash-demo', ['data']));
    await untilReady(place);
    await beginSession(place, 'after');
    assert.equal((await untilEnded(place, 'after')).status?.phase, 'Succeeded');
  });
});

testReached(import.meta.filename, skip);
