/** Sessions that Jobs carry out, each a process of its own. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupSessions, jobs, persistentVolumeClaims, pods, volumeSnapshots } from '#src/api/resources.ts';

import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage(1);
const { stage } = place;
const { cluster } = stage.sandbox;
await place.operator({ runSessions: 'in-jobs' });
after(() => place[Symbol.asyncDispose]());

test('a Job takes the snapshots and ends its session', async () => {
  const home = await stage.home(['data-0', 'data-1']);
  await place.configuration(home);
  const session = await place.session(home, 's1');
  const { status, metadata } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Succeeded');
  assert.deepEqual(
    status.targets?.[0]?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
    [['BackupExecutorEnsured', 'SuccessfullyEnsuredBackupExecutor', 'job stash-vs-s1 carries it out']],
  );
  assert.deepEqual((await stage.snapshotted(home)).sort(), ['data-0', 'data-1']);
  const [job] = await stage.until(jobs, home, ([only]) => only?.status?.succeeded === 1);
  assert.equal(job?.metadata.ownerReferences?.[0]?.uid, session.metadata.uid);
  const [pod] = await stage.all(pods, home);
  assert.match(
    metadata.annotations?.['stash.appscode.com/executor'] ?? '',
    new RegExp(`^${pod?.metadata.name ?? 'none'} `),
  );
});

test('a Job that is deleted ends its session Failed, with the reason', async () => {
  await stage.snapshotClass('never', { fault: 'never-ready' });
  const home = await stage.home(['data']);
  await place.configuration(home, {
    target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' }, snapshotClassName: 'never' },
  });
  await place.session(home, 's1');
  await stage.until(backupSessions, home, ([session]) => session?.status?.phase === 'Running');
  await cluster.delete(jobs, { name: 'stash-vs-s1', namespace: home }, { propagation: 'Background' });
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Failed');
  const disrupted = status.conditions?.find(({ type }) => type === 'BackupDisrupted');
  assert.equal(disrupted?.message, 'job stash-vs-s1 was deleted');
  assert.equal(status.targets?.[0]?.stats?.[0]?.error, 'job stash-vs-s1 was deleted');
});

test('the next pod goes on with what a killed one began', async () => {
  await stage.snapshotClass('a-while', { delay: '2s' });
  const home = await stage.home(['data']);
  await place.configuration(home, {
    target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' }, snapshotClassName: 'a-while' },
  });
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
  const home = await stage.home(['data']);
  await place.configuration(home);
  await place.session(home, 's1');
  await place.ended(home, 's1');
  const [snapshot] = await stage.all(volumeSnapshots, home);
  await place.restore(home, 'r1', {
    driver: 'VolumeSnapshotter',
    target: {
      volumeClaimTemplates: [
        {
          metadata: { name: 'restored' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'sandbox',
            resources: { requests: { storage: '1Gi' } },
            dataSource: {
              apiGroup: 'snapshot.storage.k8s.io',
              kind: 'VolumeSnapshot',
              name: snapshot?.metadata.name ?? '',
            },
          },
        },
      ],
    },
  });
  const { status } = await place.restored(home, 'r1');
  assert.equal(status?.phase, 'Succeeded');
  assert.deepEqual(
    status.conditions?.map(({ type, reason }) => [type, reason]),
    [
      ['RestoreTargetFound', 'TargetAvailable'],
      ['RestoreExecutorEnsured', 'SuccessfullyEnsuredRestoreExecutor'],
      ['RestoreCompleted', 'PostRestoreTasksExecuted'],
    ],
  );
  const claims = await stage.all(persistentVolumeClaims, home);
  assert.ok(
    claims.some(({ metadata, status: { phase } = {} }) => metadata.name === 'restored' && phase === 'Bound'),
  );
});
