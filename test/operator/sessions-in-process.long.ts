/** Sessions that the operator carries out itself. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupConfigurations, backupSessions, jobs } from '#src/api/resources.ts';
import { withClass } from '#test/session/app-objects.ts';

import { backUp, disrupt, restore } from './carried-out.ts';
import { eventually } from './eventually.ts';
import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage();
const { stage } = place;
const operator = await place.operator();
after(() => place[Symbol.asyncDispose]());

test('a session is carried out and tidied up, with Events', async () => {
  const { home, ended } = await backUp(place, {
    retentionPolicy: { name: 'last', keepLast: 3, prune: true },
  });
  assert.equal(ended.metadata.annotations?.['stash.appscode.com/session-claims'], '["data-0","data-1"]');
  await stage.until(backupSessions, home, ([session]) =>
    ['RetentionPolicyApplied', 'BackupHistoryCleaned'].every((type) =>
      session?.status?.conditions?.some(
        (condition) => condition.type === type && condition.status === 'True',
      ),
    ),
  );
  await eventually(async () => (await place.told(home, 'BackupSession', 's1')).length === 2);
  const told = await place.told(home, 'BackupSession', 's1');
  assert.ok(
    told.some((line) => line.startsWith('Normal BackupSucceeded: all 2 snapshots are ready')),
    told.join(),
  );
  assert.deepEqual(await stage.all(jobs, home), []);
});

test('of two sessions of one configuration the older is carried out and the later is Skipped', async () => {
  await stage.snapshotClass('slow', { delay: '500ms' });
  const home = await stage.home(['data']);
  await place.configuration(home, withClass('slow'));
  await place.session(home, 's1');
  await place.session(home, 's2');
  const skipped = await place.ended(home, 's2');
  assert.equal(skipped.status?.phase, 'Skipped');
  const [condition] = skipped.status.conditions ?? [];
  assert.deepEqual(
    [condition?.type, condition?.reason, condition?.message],
    [
      'BackupSkipped',
      'SkippedTakingNewBackup',
      'backupsession/s1 of the same backupconfiguration is unfinished',
    ],
  );
  assert.equal((await place.ended(home, 's1')).status?.phase, 'Succeeded');
});

test('a session of a configuration that is not Ready is Skipped, with the reason', async () => {
  const home = await stage.home(['data']);
  await place.configuration(
    home,
    {},
    {
      phase: 'NotReady',
      observedGeneration: 1,
      conditions: [
        {
          type: 'BackupTargetFound',
          status: 'False',
          message: 'deployment/app does not exist',
          lastTransitionTime: '2026-03-14T03:00:00Z',
        },
      ],
    },
  );
  await place.session(home, 's1');
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Skipped');
  assert.equal(
    status.conditions?.[0]?.message,
    'backupconfiguration/deploy-app is NotReady: deployment/app does not exist',
  );
});

test('a session waits for a configuration that no operator has reconciled', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home, {}, null);
  await place.session(home, 's1');
  const at = { name: 'deploy-app', namespace: home };
  const status = { phase: 'Ready', observedGeneration: 1 };
  await stage.sandbox.cluster.patch(backupConfigurations, at, { status }, { subresource: 'status' });
  assert.equal((await place.ended(home, 's1')).status?.phase, 'Succeeded');
});

test('a target without claims ends the session Failed, with the reason', async () => {
  const home = await stage.home([]);
  await place.configuration(home);
  await place.session(home, 's1');
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Failed');
  const [condition] = status.conditions ?? [];
  assert.equal(condition?.reason, 'FailedToCompleteDueToDisruption');
  assert.equal(condition.message, 'deployment/app uses no persistent volume claims');
});

test('a failed session is retried as often as its configuration allows', async () => {
  const home = await stage.home([]);
  await place.configuration(home, { retryConfig: { maxRetry: 2, delay: '3s' } });
  await place.session(home, 's1');
  const all = await stage.until(
    backupSessions,
    home,
    (found) => found.length === 3 && found.every(({ status }) => status?.phase === 'Failed'),
  );
  const byAge = all.sort((a, b) => (b.spec.retryLeft ?? 2) - (a.spec.retryLeft ?? 2));
  assert.deepEqual(
    byAge.map(({ spec }) => spec.retryLeft),
    [undefined, 1, 0],
  );
  const trigger = 'stash.appscode.com/trigger';
  assert.equal(byAge[1]?.metadata.labels?.[trigger], byAge[0]?.metadata.uid);
  assert.equal(byAge[2]?.metadata.labels?.[trigger], byAge[1]?.metadata.uid);
  await stage.until(backupSessions, home, (found) =>
    found.every(({ status, spec }) => spec.retryLeft === 0 || status?.retried === true),
  );
});

test('a configuration that is deleted disrupts its running session', async () => {
  await disrupt(place, {
    message: 'backupconfiguration/deploy-app was deleted',
    disturb: (home) =>
      stage.sandbox.cluster.delete(backupConfigurations, { name: 'deploy-app', namespace: home }),
  });
});

test('sessions of Restic and of other invokers are ignored', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home, { driver: 'Restic' });
  await place.session(home, 's1');
  await place.session(home, 's2', { spec: { invoker: { kind: 'BackupBatch', name: 'deploy-app' } } });
  // Once a later session has been carried out, the others have been reconciled too.
  const other = await stage.home(['data']);
  await place.configuration(other);
  await place.session(other, 's3');
  await place.ended(other, 's3');
  const left = await stage.all(backupSessions, home);
  assert.deepEqual(
    left.map(({ status, metadata }) => [status, Object.keys(metadata.annotations ?? {})]),
    [
      [undefined, ['stash.appscode.com/made-by']],
      [undefined, ['stash.appscode.com/made-by']],
    ],
  );
});

test('a session is left to a living holder, and taken over when the holder is dead', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home);
  const began = place.clock.now().getTime();
  await place.session(home, 's1', {
    metadata: { annotations: { 'stash.appscode.com/executor': 'cli-1 7' } },
  });
  const { status, metadata } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Succeeded');
  assert.match(metadata.annotations?.['stash.appscode.com/executor'] ?? '', new RegExp(`^${operator.id} `));
  assert.ok(place.clock.now().getTime() - began >= 30_000, 'it was taken over from a living holder');
});

test('a restore is carried out', async () => {
  assert.deepEqual(await restore(place), [
    ['RestoreTargetFound', 'TargetAvailable'],
    ['RestoreCompleted', 'PostRestoreTasksExecuted'],
  ]);
});

test('a restore without templates is Invalid', async () => {
  const home = await stage.home(['data']);
  await place.restore(home, 'r1', { driver: 'VolumeSnapshotter', target: {} });
  const { status } = await place.restored(home, 'r1');
  assert.equal(status?.phase, 'Invalid');
  assert.equal(status.conditions?.[0]?.message, 'there are no spec.target.volumeClaimTemplates');
});

test('a restore waits for a missing target until its deadline', async () => {
  const home = await stage.home(['data']);
  await place.restore(home, 'r1', {
    driver: 'VolumeSnapshotter',
    timeOut: '5s',
    target: {
      ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' },
      volumeClaimTemplates: [
        {
          metadata: { name: 'restored' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'x' },
          },
        },
      ],
    },
  });
  const { status } = await place.restored(home, 'r1');
  assert.equal(status?.phase, 'Failed');
  assert.deepEqual(
    status.conditions?.map(({ type, reason }) => [type, reason]),
    [
      ['RestoreTargetFound', 'TargetNotAvailable'],
      ['DeadlineExceeded', 'FailedToCompleteWithinDeadline'],
    ],
  );
});

test('a restore with driver Restic is ignored, with an Event', async () => {
  const home = await stage.home(['data']);
  await place.restore(home, 'r1', { target: {} });
  await eventually(async () => (await place.told(home, 'RestoreSession', 'r1')).length === 1);
  assert.deepEqual(await place.told(home, 'RestoreSession', 'r1'), [
    'Warning Ignored: driver Restic is not supported: this operator carries out VolumeSnapshotter only',
  ]);
});
