/** Each condition that the operator writes, with each of its reasons that a user can bring about. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import type { Condition, Stored } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  deployments,
  events,
  jobs,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { cronJobName, snapshotterJobName } from '#src/domain/names.ts';
import { isFinal } from '#src/domain/session-status.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';

import { configuration, rarely, restoreSession, template, type ConfigurationOptions } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const { cluster, driver = '', storageClass } = server;
const name = 'nightly';
const unbound = server.driver === undefined && 'E2E_DRIVER is not set';

function reasons(conditions: readonly Condition[] = []): string[] {
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`).sort();
}

function untilConfiguration(
  place: Place,
  satisfied: (it: Stored<BackupConfiguration>) => boolean,
): Promise<Stored<BackupConfiguration>> {
  return place.until(backupConfigurations, (all) =>
    all.find((it) => it.metadata.name === name && satisfied(it)),
  );
}

function untilEnded(place: Place, session: string): Promise<Stored<BackupSession>> {
  return place.until(backupSessions, (all) => all.find((it) => it.metadata.name === session && isFinal(it)));
}

function untilRestored(place: Place, session: string): Promise<Stored<RestoreSession>> {
  return place.until(restoreSessions, (all) => all.find((it) => it.metadata.name === session && isFinal(it)));
}

/** A claim, the Deployment that uses it, and a configuration that is Ready. */
async function openHome(t: TestContext, options: ConfigurationOptions = {}): Promise<Place> {
  const place = await openPlace(t, server);
  await place.claims('data');
  await place.create(deployments, deployment('stash-demo', ['data']));
  await place.running('stash-demo');
  await place.create(backupConfigurations, configuration(name, options));
  await untilConfiguration(place, ({ status }) => status?.phase === 'Ready');
  return place;
}

/** A session as somebody writes it by hand. */
async function session(place: Place, called: string, invoker = name): Promise<Stored<BackupSession>> {
  return place.create(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: called },
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: invoker } },
  });
}

/** A class of the test's own that takes the driver's fault parameters. */
async function faultyClass(
  t: TestContext,
  place: Place,
  parameters: Record<string, string>,
): Promise<string> {
  const metadata = { name: place.namespace };
  await cluster.create(volumeSnapshotClasses, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata,
    driver,
    deletionPolicy: 'Delete',
    parameters,
  });
  t.after(() => cluster.delete(volumeSnapshotClasses, metadata));
  return metadata.name;
}

suite('BackupConfiguration', { concurrency: 4 }, () => {
  test('ValidationPassed: each thing that is wrong is said', async (t) => {
    const place = await openPlace(t, server);
    await place.create(
      backupConfigurations,
      configuration(name, { spec: { schedule: 'now and then', timeOut: 'soon' } }),
    );
    const { status } = await untilConfiguration(place, (it) => it.status?.phase !== undefined);
    assert.equal(status?.phase, 'Invalid');
    const validation = status.conditions?.find(({ type }) => type === 'ValidationPassed');
    assert.deepEqual(reasons(validation && [validation]), [
      'ValidationPassed False ResourceValidationFailed',
    ]);
    assert.match(validation?.message ?? '', /schedule.*timeOut/s);
    assert.deepEqual(await place.list(cronJobs), []);
    await place.until(events, (all) =>
      all.some(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning'),
    );
    await cluster.patch(
      backupConfigurations,
      { name, namespace: place.namespace },
      { spec: { schedule: rarely, timeOut: '5m' } },
    );
    const mended = await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
    assert(reasons(mended.status?.conditions).includes('ValidationPassed True ResourceValidationPassed'));
  });

  test('BackupTargetFound: not there, and found later without anybody touching it', async (t) => {
    const place = await openPlace(t, server);
    await place.create(backupConfigurations, configuration(name));
    const early = await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
    assert(reasons(early.status?.conditions).includes('BackupTargetFound False TargetNotAvailable'));
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    const found = await untilConfiguration(place, (it) => it.status?.phase === 'Ready');
    assert(reasons(found.status?.conditions).includes('BackupTargetFound True TargetAvailable'));
    await place.remove(deployments, 'stash-demo');
    await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
  });

  test('CronJobCreated: somebody else has one of that name', async (t) => {
    const place = await openPlace(t, server);
    await place.create(cronJobs, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: cronJobName(name) },
      spec: {
        schedule: rarely,
        jobTemplate: {
          spec: {
            template: {
              spec: { restartPolicy: 'Never', containers: [{ name: 'theirs', image: 'busybox' }] },
            },
          },
        },
      },
    });
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    await place.create(backupConfigurations, configuration(name));
    const { status } = await untilConfiguration(place, (it) =>
      reasons(it.status?.conditions).includes('CronJobCreated False CronJobCreationFailed'),
    );
    assert.equal(status?.phase, 'NotReady');
    const [theirs] = await place.list(cronJobs);
    assert.equal(theirs?.spec.jobTemplate.spec.template.spec.containers[0]?.name, 'theirs');
    await place.remove(cronJobs, cronJobName(name));
    await untilConfiguration(place, (it) => it.status?.phase === 'Ready');
  });

  test('paused and schedule reach the CronJob; a deleted one comes back', async (t) => {
    const place = await openHome(t);
    await place.succeeds(`pause ${name}`);
    await place.until(cronJobs, ([it]) => it?.spec.suspend === true);
    await place.succeeds(`resume ${name}`);
    await place.until(cronJobs, ([it]) => it?.spec.suspend !== true);
    await cluster.patch(
      backupConfigurations,
      { name, namespace: place.namespace },
      { spec: { schedule: '5 4 * * *' } },
    );
    await place.until(cronJobs, ([it]) => it?.spec.schedule === '5 4 * * *');
    await place.remove(cronJobs, cronJobName(name)).catch(() => undefined);
    await place.until(cronJobs, ([it]) => it?.spec.schedule === '5 4 * * *');
  });

  test('driver Restic is left alone', async (t) => {
    const place = await openPlace(t, server);
    await place.create(backupConfigurations, configuration(name, { spec: { driver: 'Restic' } }));
    await place.until(events, (all) =>
      all.some(({ involvedObject, message }) => involvedObject.name === name && /Restic/.test(message ?? '')),
    );
    assert.deepEqual(await place.list(cronJobs), []);
    await place.remove(backupConfigurations, name);
  });
});

suite('BackupSession', { concurrency: 4 }, () => {
  test('BackupSkipped: its configuration is not Ready', async (t) => {
    const place = await openPlace(t, server);
    await place.create(backupConfigurations, configuration(name));
    await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
    await session(place, 'early');
    const { status } = await untilEnded(place, 'early');
    assert.equal(status?.phase, 'Skipped');
    assert.deepEqual(reasons(status.conditions), ['BackupSkipped True SkippedTakingNewBackup']);
  });

  test('BackupSkipped: another of the same invoker runs', { skip: unbound }, async (t) => {
    const place = await openPlace(t, server);
    const slow = await faultyClass(t, place, { delay: '5s' });
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    await place.create(backupConfigurations, configuration(name, { snapshotClassName: slow }));
    await untilConfiguration(place, ({ status }) => status?.phase === 'Ready');
    await session(place, 'first');
    await place.until(volumeSnapshots, (all) => all.length === 1);
    await session(place, 'second');
    const second = await untilEnded(place, 'second');
    assert.equal(second.status?.phase, 'Skipped');
    assert.equal((await untilEnded(place, 'first')).status?.phase, 'Succeeded');
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });

  test('BackupExecutorEnsured: a Job of that name is somebody else’s', async (t) => {
    const place = await openHome(t, { spec: { timeOut: '20s' } });
    await place.create(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: snapshotterJobName('by-hand') },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'theirs', image: 'busybox' }] } },
      },
    });
    await session(place, 'by-hand');
    await place.until(backupSessions, (all) =>
      all.some(({ status }) =>
        reasons(status?.targets?.[0]?.conditions).includes(
          'BackupExecutorEnsured False FailedToEnsureBackupExecutor',
        ),
      ),
    );
    const { status } = await untilEnded(place, 'by-hand');
    assert.equal(status?.phase, 'Failed');
  });

  test('hooks: both ran, around the snapshot', async (t) => {
    const say = (what: string) => ({
      exec: { command: ['/bin/sh', '-c', `echo ${what} >> /source/data/hooks`] },
    });
    const place = await openHome(t, {
      spec: { hooks: { preBackup: say('freeze'), postBackup: say('thaw') } },
    });
    await session(place, 'with-hooks');
    const { status } = await untilEnded(place, 'with-hooks');
    assert.equal(status?.phase, 'Succeeded');
    assert.deepEqual(reasons(status.targets?.[0]?.conditions), [
      'BackupExecutorEnsured True SuccessfullyEnsuredBackupExecutor',
      'PostBackupHookExecutionSucceeded True SuccessfullyExecutedPostBackupHook',
      'PreBackupHookExecutionSucceeded True SuccessfullyExecutedPreBackupHook',
    ]);
    const [pod = ''] = await place.running('stash-demo');
    assert.equal(await place.sh(pod, 'cat /source/data/hooks'), 'freeze\nthaw');
  });

  test('hooks: where preBackup fails there is no snapshot, and postBackup still runs', async (t) => {
    const place = await openHome(t, {
      spec: {
        hooks: {
          preBackup: { exec: { command: ['/bin/sh', '-c', 'echo the database is busy >&2; exit 3'] } },
          postBackup: { exec: { command: ['/bin/sh', '-c', 'echo thaw >> /source/data/hooks'] } },
        },
      },
    });
    await session(place, 'refused');
    const { status } = await untilEnded(place, 'refused');
    assert.equal(status?.phase, 'Failed');
    const conditions = reasons(status.targets?.[0]?.conditions);
    assert(conditions.includes('PreBackupHookExecutionSucceeded False FailedToExecutePreBackupHook'));
    assert(conditions.includes('PostBackupHookExecutionSucceeded True SuccessfullyExecutedPostBackupHook'));
    assert.match(JSON.stringify(status), /the database is busy/);
    assert.deepEqual(await place.list(volumeSnapshots), []);
    const [pod = ''] = await place.running('stash-demo');
    assert.equal(await place.sh(pod, 'cat /source/data/hooks'), 'thaw');
  });

  test('hooks: where postBackup fails the session does, and the snapshot stays', async (t) => {
    const place = await openHome(t, {
      spec: { hooks: { postBackup: { exec: { command: ['/bin/sh', '-c', 'exit 4'] } } } },
    });
    await session(place, 'untidy');
    const { status } = await untilEnded(place, 'untidy');
    assert.equal(status?.phase, 'Failed');
    assert(
      reasons(status.targets?.[0]?.conditions).includes(
        'PostBackupHookExecutionSucceeded False FailedToExecutePostBackupHook',
      ),
    );
    assert.equal((await place.list(volumeSnapshots))[0]?.status?.readyToUse, true);
  });

  test('RetentionPolicyApplied and BackupHistoryCleaned', async (t) => {
    const place = await openHome(t, {
      spec: { retentionPolicy: { name: 'last', keepLast: 1, prune: true }, backupHistoryLimit: 1 },
    });
    for (const called of ['one', 'two']) {
      await session(place, called);
      assert.equal((await untilEnded(place, called)).status?.phase, 'Succeeded');
    }
    const tidied = await place.until(backupSessions, (all) =>
      all.find(({ metadata, status }) => metadata.name === 'two' && (status?.conditions ?? []).length === 2),
    );
    assert.deepEqual(reasons(tidied.status?.conditions), [
      'BackupHistoryCleaned True SuccessfullyCleanedBackupHistory',
      'RetentionPolicyApplied True SuccessfullyAppliedRetentionPolicy',
    ]);
    await place.until(volumeSnapshots, (all) => all.length === 1);
    await place.until(backupSessions, (all) => all.length === 1);
  });

  test('DeadlineExceeded: a driver that never comes to an end', { skip: unbound }, async (t) => {
    const place = await openPlace(t, server);
    const never = await faultyClass(t, place, { fault: 'never-ready' });
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    await place.create(
      backupConfigurations,
      configuration(name, { snapshotClassName: never, spec: { timeOut: '10s' } }),
    );
    await untilConfiguration(place, ({ status }) => status?.phase === 'Ready');
    await session(place, 'late');
    const { status } = await untilEnded(place, 'late');
    assert.equal(status?.phase, 'Failed');
    assert(reasons(status.conditions).includes('DeadlineExceeded True FailedToCompleteWithinDeadline'));
  });

  test('BackupDisrupted: its Job is deleted', { skip: unbound }, async (t) => {
    const place = await openPlace(t, server);
    const never = await faultyClass(t, place, { fault: 'never-ready' });
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    await place.create(backupConfigurations, configuration(name, { snapshotClassName: never }));
    await untilConfiguration(place, ({ status }) => status?.phase === 'Ready');
    await session(place, 'disrupted');
    await place.until(volumeSnapshots, (all) => all.length === 1);
    await cluster.delete(
      jobs,
      { name: snapshotterJobName('disrupted'), namespace: place.namespace },
      { propagation: 'Background' },
    );
    const { status } = await untilEnded(place, 'disrupted');
    assert.equal(status?.phase, 'Failed');
    assert(reasons(status.conditions).includes('BackupDisrupted True FailedToCompleteDueToDisruption'));
  });

  test('a Job that cannot pull its image ends at the deadline, with the reason', async (t) => {
    const place = await openHome(t, {
      spec: { timeOut: '15s', runtimeSettings: { pod: { nodeSelector: { 'kubernetes.io/os': 'plan9' } } } },
    });
    await session(place, 'homeless');
    const { status } = await untilEnded(place, 'homeless');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /cannot be scheduled/);
  });

  test('retryConfig: a failed session is tried again', async (t) => {
    const place = await openHome(t, {
      spec: {
        retryConfig: { maxRetry: 1, delay: '1s' },
        backupHistoryLimit: 5,
        hooks: {
          preBackup: {
            exec: {
              command: [
                '/bin/sh',
                '-c',
                'test -e /source/data/tried || { touch /source/data/tried; exit 1; }',
              ],
            },
          },
        },
      },
    });
    await session(place, 'first');
    const first = await place.until(backupSessions, (all) =>
      all.find(({ metadata, status }) => metadata.name === 'first' && status?.retried === true),
    );
    assert.equal(first.status?.phase, 'Failed');
    const second = await place.until(backupSessions, (all) =>
      all.find((it) => it.metadata.name !== 'first' && isFinal(it)),
    );
    assert.deepEqual([second.status?.phase, second.spec.retryLeft], ['Succeeded', 0]);
  });
});

suite('RestoreSession', { concurrency: 4 }, () => {
  async function taken(t: TestContext): Promise<{ place: Place; snapshot: string }> {
    const place = await openHome(t);
    await session(place, 'taken');
    assert.equal((await untilEnded(place, 'taken')).status?.phase, 'Succeeded');
    const [snapshot] = await place.list(volumeSnapshots);
    return { place, snapshot: snapshot?.metadata.name ?? '' };
  }

  test('Invalid: it has no volumeClaimTemplates', async (t) => {
    const place = await openPlace(t, server);
    await place.create(restoreSessions, restoreSession('empty', []));
    assert.equal((await untilRestored(place, 'empty')).status?.phase, 'Invalid');
  });

  test('Failed: the snapshot does not exist', async (t) => {
    const place = await openPlace(t, server);
    await place.create(restoreSessions, restoreSession('lost', [template('copy', 'no-such', storageClass)]));
    const { status } = await untilRestored(place, 'lost');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /no-such/);
    assert.deepEqual(await place.list(persistentVolumeClaims), []);
  });

  test('RestoreExecutorEnsured and RestoreCompleted, with hooks', async (t) => {
    const { place, snapshot } = await taken(t);
    const restore = restoreSession('copies', [template('copy', snapshot, storageClass)]);
    await place.create(restoreSessions, restore);
    const { status } = await untilRestored(place, 'copies');
    assert.equal(status?.phase, 'Succeeded');
    const told = reasons(status.conditions);
    assert(told.includes('RestoreExecutorEnsured True SuccessfullyEnsuredRestoreExecutor'), told.join());
    assert(told.includes('RestoreCompleted True PostRestoreTasksExecuted'), told.join());
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
