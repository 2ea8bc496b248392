/** The steps in Stash's own overview of volume snapshots, one after the other, on one workload. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  deployments,
  jobs,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { cronJobName, restoreJobName, snapshotterJobName, snapshotName } from '#src/domain/workload/names.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { isBound, openPlace } from '#test/e2e/place.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { configuration, restoreSession } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const { snapshotClass, storageClass } = server;
const claims = ['source-config', 'source-data'];

await test('how backup and restore work', async (t) => {
  const place = await openPlace(t, server);
  await place.claims(...claims);
  await place.create(deployments, deployment('stash-demo', claims));
  const [pod = ''] = await place.running('stash-demo');
  await place.sh(pod, 'echo config > /source/source-config/proof; echo data > /source/source-data/proof');
  const name = 'deployments-volume-snapshot';

  await t.test('backup-01: a user creates a BackupConfiguration that specifies the workload', async () => {
    const made = await place.create(
      backupConfigurations,
      configuration(name, { snapshotClassName: snapshotClass, spec: { schedule: '* * * * *' } }),
    );
    assert.equal(made.spec.target?.ref?.name, 'stash-demo');
  });

  await t.test('backup-02: the operator watches for BackupConfigurations', async () => {
    const ready = await place.until(backupConfigurations, ([it]) => it?.status?.phase === 'Ready' && it);
    assert.deepEqual(
      (ready.status?.conditions ?? []).map(({ type, status, reason }) => [type, status, reason]).sort(),
      [
        ['BackupTargetFound', 'True', 'TargetAvailable'],
        ['CronJobCreated', 'True', 'CronJobCreationSucceeded'],
        ['ValidationPassed', 'True', 'ResourceValidationPassed'],
      ],
    );
    assert.equal(ready.status?.observedGeneration, ready.metadata.generation);
    assert.deepEqual(ready.metadata.finalizers, ['stash.appscode.com']);
  });

  await t.test('backup-03: it creates a CronJob for periodic backup', async () => {
    const cronJob = await place.until(cronJobs, ([it]) => it);
    assert.equal(cronJob.metadata.name, cronJobName(name));
    assert.deepEqual([cronJob.spec.schedule, cronJob.spec.suspend ?? false], ['* * * * *', false]);
    assert.equal(cronJob.metadata.ownerReferences?.[0]?.name, name);
  });

  await t.test('backup-04: the CronJob triggers a backup by a BackupSession', async () => {
    const made = await place.until(backupSessions, ([it]) => it);
    assert.equal(made.spec.invoker.name, name);
    assert.match(made.metadata.name, new RegExp(`^${name}-\\d+$`));
  });
  // One session is enough for the next steps.
  await place.succeeds(`pause ${name}`);
  const [first] = await place.list(backupSessions);
  assert(first);

  await t.test('backup-05: the operator watches for BackupSessions', async () => {
    await place.until(backupSessions, (all) => all.some(({ status }) => status?.phase !== undefined));
  });

  await t.test('backup-06: it creates a snapshotter Job', async () => {
    const job = await place.until(jobs, (all) =>
      all.find(({ metadata }) => metadata.name === snapshotterJobName(first.metadata.name)),
    );
    assert.deepEqual(
      job.metadata.ownerReferences?.map(({ kind, uid }) => [kind, uid]),
      [['BackupSession', first.metadata.uid]],
    );
  });

  await t.test(
    'backup-07: the Job creates a VolumeSnapshot for each claim, named after the session',
    async () => {
      const made = await place.until(volumeSnapshots, (all) => all.length === claims.length && all);
      assert.deepEqual(
        made.map(({ metadata }) => metadata.name).sort(),
        claims.map((claim) => snapshotName(claim, first.metadata.creationTimestamp)),
      );
    },
  );

  await t.test('backup-08: the snapshot controller processes them', async () => {
    await place.until(volumeSnapshots, (all) =>
      all.every(({ status }) => status?.boundVolumeSnapshotContentName !== undefined),
    );
  });

  await t.test('backup-09: the storage system takes them', async () => {
    const ready = await place.until(
      volumeSnapshots,
      (all) => all.every(({ status }) => status?.readyToUse === true) && all,
    );
    const { items } = await server.cluster.list(volumeSnapshotContents);
    for (const { status } of ready) {
      const content = items.find(({ metadata }) => metadata.name === status?.boundVolumeSnapshotContentName);
      assert.notEqual(content?.status?.snapshotHandle, undefined);
    }
  });

  await t.test('backup-10: the phase of the BackupSession reports the outcome', async () => {
    const done = await place.until(backupSessions, (all) =>
      all.find((each) => each.metadata.uid === first.metadata.uid && isFinal(each)),
    );
    assert.equal(done.status?.phase, 'Succeeded');
    const [target] = done.status.targets ?? [];
    assert.deepEqual(target?.stats?.map(({ hostname, phase }) => [hostname, phase]).sort(), [
      ['source-config', 'Succeeded'],
      ['source-data', 'Succeeded'],
    ]);
    assert.deepEqual(
      (target.conditions ?? []).map(({ type, status, reason }) => [type, status, reason]),
      [['BackupExecutorEnsured', 'True', 'SuccessfullyEnsuredBackupExecutor']],
    );
  });

  await place.sh(pod, 'echo lost > /source/source-config/proof; echo lost > /source/source-data/proof');
  const [taken] = await place.list(volumeSnapshots);
  const stamp = taken?.metadata.name.split('-').at(-1) ?? '';

  await t.test('restore-01: a user creates a RestoreSession with volumeClaimTemplates', async () => {
    await place.create(
      restoreSessions,
      restoreSession(
        'restore-pvc',
        claims.map((claim) => claimFrom(`${claim}-${stamp}`, `restore-${claim}`, storageClass)),
      ),
    );
  });

  await t.test('restore-02: the operator watches for RestoreSessions', async () => {
    await place.until(restoreSessions, ([it]) => it?.status?.phase);
  });

  await t.test('restore-03: it creates a restore Job', async () => {
    const [restore] = await place.list(restoreSessions);
    const job = await place.until(jobs, (all) =>
      all.find(({ metadata }) => metadata.name === restoreJobName('restore-pvc')),
    );
    assert.deepEqual(
      job.metadata.ownerReferences?.map(({ kind, uid }) => [kind, uid]),
      [['RestoreSession', restore?.metadata.uid]],
    );
  });

  await t.test('restore-04: the Job creates claims with a dataSource', async () => {
    const made = await place.until(persistentVolumeClaims, (all) => {
      const restored = all.filter(({ metadata }) => metadata.name.startsWith('restore-'));
      return restored.length === claims.length && restored;
    });
    assert.deepEqual(
      made.map(({ spec }) => spec.dataSource?.name).sort(),
      claims.map((it) => `${it}-${stamp}`),
    );
  });

  await t.test('restore-05: the provisioner processes them', async () => {
    await place.until(persistentVolumeClaims, (all) =>
      all.every(
        ({ metadata }) =>
          metadata.annotations?.['volume.kubernetes.io/storage-provisioner'] !== undefined ||
          metadata.annotations?.['volume.beta.kubernetes.io/storage-provisioner'] !== undefined,
      ),
    );
  });

  await t.test('restore-06: it reads which VolumeSnapshot they come from, and binds them', async () => {
    await place.until(persistentVolumeClaims, (all) => all.every(isBound));
  });

  await t.test('restore-07: the claims hold the data of the snapshots', async () => {
    const seen = await place.look(
      claims.map((claim) => `restore-${claim}`),
      'cat /source/restore-source-config/proof /source/restore-source-data/proof',
    );
    assert.equal(seen, 'config\ndata');
  });

  await t.test('restore-08: the phase of the RestoreSession reports the outcome', async () => {
    const done = await place.until(restoreSessions, ([it]) => it && isFinal(it) && it);
    assert.equal(done.status?.phase, 'Succeeded');
    assert.deepEqual(done.status.stats?.map(({ hostname, phase }) => [hostname, phase]).sort(), [
      ['restore-source-config', 'Succeeded'],
      ['restore-source-data', 'Succeeded'],
    ]);
    const ensured = done.status.conditions?.find(({ type }) => type === 'RestoreExecutorEnsured');
    assert.deepEqual([ensured?.status, ensured?.reason], ['True', 'SuccessfullyEnsuredRestoreExecutor']);
  });

  await t.test('nothing is left running, and snapshots survive their configuration', async () => {
    await place.until(pods, (all) =>
      all.every(
        ({ metadata, status }) => metadata.labels?.['app'] === 'stash-demo' || status?.phase !== 'Running',
      ),
    );
    await place.remove(backupConfigurations, name);
    await place.until(cronJobs, (all) => all.length === 0);
    await place.until(backupSessions, (all) => all.length === 0);
    assert.equal((await place.list(volumeSnapshots)).length, claims.length);
  });
});
