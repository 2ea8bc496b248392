/** What can happen to a snapshot session while it runs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions, deployments, volumeSnapshots } from '#src/api/resources.ts';
import { manualClock } from '#test/support/clock.ts';

import { fastClock, hastyClock } from './clocks.ts';
import { freezing } from './freezing.ts';
import { onCreate } from './on-create.ts';
import { openStage, untilOutput, type Stage } from './stage.ts';

let stage: Stage;
let serverTime: Date | undefined;
before(async () => {
  stage = await openStage(() => serverTime ?? new Date());
  await Promise.all([
    stage.snapshotClass('never', { fault: 'never-ready' }),
    stage.snapshotClass('broken', { fault: 'error-always' }),
    stage.snapshotClass('flaky', { fault: 'error-once' }),
  ]);
});
after(() => stage.stop());

const minute = 60_000;

test('two targets share a claim in the same second: each session has its own snapshot', async () => {
  serverTime = new Date();
  const namespace = await stage.home(['data', 'logs']);
  const { exit, context } = stage.play('snapshot deploy/app pvc/data', { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  serverTime = undefined;
  const sessions = await stage.all(backupSessions, namespace);
  const uids = sessions.map(({ metadata }) => metadata.uid);
  const ofData = (await stage.all(volumeSnapshots, namespace)).filter(
    ({ spec }) => spec.source.persistentVolumeClaimName === 'data',
  );
  const [plain, suffixed] = ofData.map(({ metadata }) => ({
    name: metadata.name,
    uid: metadata.annotations?.[annotation.sessionUid] ?? '',
  }));
  assert.ok(plain && suffixed && ofData.length === 2);
  assert.match(plain.name, /^data-\d+$/);
  assert.equal(suffixed.name, `${plain.name}-${suffixed.uid.slice(0, 4)}`);
  assert.deepEqual(new Set([plain.uid, suffixed.uid]), new Set(uids));
  assert.deepEqual(
    sessions.flatMap(({ status }) => status?.targets?.flatMap(({ stats }) => stats?.map((it) => it.phase))),
    ['Succeeded', 'Succeeded', 'Succeeded'],
  );
});

for (const { what, snapshotClass, signs, end } of [
  {
    what: 'never ready',
    snapshotClass: 'never',
    signs: [/data: .*cut; waiting/, /logs: .*cut; waiting/],
    end: [/data, logs: not ready after 10m: cut; waiting until it is ready to use/],
  },
  {
    what: 'a driver that always fails',
    snapshotClass: 'broken',
    signs: [/data: .*driver reports/, /logs: .*driver reports/],
    end: [
      /data: not ready after 10m: driver reports: .*error-always/,
      /logs: not ready after 10m: driver reports/,
    ],
  },
]) {
  test(`the deadline: ${what}`, async () => {
    const namespace = await stage.home(['data', 'logs']);
    const clock = manualClock(new Date());
    const argv = `snapshot deploy/app --executor local --snapshot-class ${snapshotClass}`;
    const play = stage.play(argv, { namespace, clock });
    await untilOutput(play, ...signs);
    await clock.advance(10 * minute);
    assert.equal(await play.exit, 5);
    for (const words of end) assert.match(play.context.stderr(), words);
    assert.equal(play.context.stdout(), '');
    const [session] = await stage.all(backupSessions, namespace);
    const [condition, ...afterwards] = session?.status?.conditions ?? [];
    assert.deepEqual(
      [session?.status?.phase, condition?.type, condition?.status],
      ['Failed', 'DeadlineExceeded', 'True'],
    );
    assert.deepEqual(
      afterwards.map(({ type }) => type),
      ['BackupHistoryCleaned'],
    );
    assert.deepEqual(await stage.snapshotted(namespace), ['data', 'logs']);
  });
}

test("shows a driver's error until the driver has recovered", async () => {
  const namespace = await stage.home(['data']);
  const play = stage.play('snapshot deploy/app --snapshot-class flaky', { namespace, clock: hastyClock() });
  assert.equal(await play.exit, 0, play.context.stderr());
  assert.match(play.context.stderr(), /data: Running \(driver reports: .*error-once/);
});

test('with --fail-fast the same error ends the session', async () => {
  const namespace = await stage.home(['data']);
  const argv = 'snapshot deploy/app --snapshot-class flaky --fail-fast';
  const play = stage.play(argv, { namespace, clock: hastyClock() });
  assert.equal(await play.exit, 4);
  assert.match(play.context.stderr(), /data: driver reports: .*error-once/);
  assert.deepEqual(await stage.phases(namespace), ['Failed']);
});

test('does not create a snapshot again that was deleted while the session ran', async () => {
  const namespace = await stage.home(['data', 'logs']);
  const argv = 'snapshot deploy/app --snapshot-class never';
  const play = stage.play(argv, { namespace, clock: hastyClock() });
  await untilOutput(play, /data: .*cut; waiting/);
  const [snapshot] = await stage.all(volumeSnapshots, namespace);
  assert.ok(snapshot);
  await stage.cluster.delete(volumeSnapshots, { name: snapshot.metadata.name, namespace });
  await stage.makeReady(namespace, 'logs');
  assert.equal(await play.exit, 4);
  assert.match(play.context.stderr(), /error: .*data: volumesnapshot data-\d+ (is being|was) deleted/);
  assert.deepEqual(await stage.phases(namespace), ['Failed']);
  await stage.until(volumeSnapshots, namespace, (left) => left.length === 1);
  assert.deepEqual(await stage.snapshotted(namespace), ['logs']);
});

test('says that a session was deleted while it ran', async () => {
  const namespace = await stage.home(['data']);
  const clock = manualClock(new Date());
  const argv = 'snapshot deploy/app --snapshot-class never --executor local';
  const play = stage.play(argv, { namespace, clock });
  await untilOutput(play, /data: .*cut; waiting/);
  const [session] = await stage.all(backupSessions, namespace);
  await stage.cluster.delete(backupSessions, { name: session?.metadata.name ?? '', namespace });
  await clock.advance(10_000);
  assert.equal(await play.exit, 4);
  assert.match(play.context.stderr(), /error: backupsession\/.* was deleted while it ran/);
  assert.match(play.context.stderr(), new RegExp(`kubectl get volumesnapshots -n ${namespace}`));
  assert.doesNotMatch(play.context.stderr(), /taken over by another executor/);
  assert.deepEqual(await stage.phases(namespace), []);
  assert.deepEqual(await stage.snapshotted(namespace), ['data']);
});

test('a claim is deleted between planning and its snapshot', async () => {
  const namespace = await stage.home(['data', 'logs']);
  const clock = manualClock(new Date());
  const cluster = onCreate(stage.cluster, backupSessions, async (_, send) => {
    await stage.loseClaims(namespace, 'logs');
    return send();
  });
  const play = stage.play('snapshot deploy/app --executor local', { namespace, clock, cluster });
  await untilOutput(play, /data: Ready/, /logs: Running .*cannot get claim/);
  await clock.advance(10 * minute);
  assert.equal(await play.exit, 5);
  assert.match(play.context.stderr(), /error: .*: logs: not ready after 10m: .*cannot get claim/);
});

test('a claim is gone when a rerun goes on with the session', async () => {
  const namespace = await stage.home(['data', 'logs']);
  const clock = hastyClock();
  const port = freezing(stage.cluster, { write: 3, when: 'after' });
  stage.play('snapshot deploy/app', { namespace, clock, cluster: port.cluster });
  await port.frozen;
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const patch = { spec: { template: { spec: { volumes } } } };
  await stage.cluster.patch(deployments, { name: 'app', namespace }, patch);
  await stage.loseClaims(namespace, 'logs');
  const again = stage.play('snapshot deploy/app --timeout 10h', { namespace, clock: fastClock(clock.now()) });
  assert.equal(await again.exit, 4);
  assert.match(again.context.stderr(), /error: .*: logs: persistentvolumeclaim "logs" is gone/);
  assert.deepEqual(await stage.snapshotted(namespace), ['data']);
});

test('ends a session past its deadline as Failed, and begins a new one', async () => {
  const namespace = await stage.home(['data']);
  const clock = hastyClock();
  const stop = new AbortController();
  const left = stage.play('snapshot deploy/app --snapshot-class never --timeout 5m', {
    namespace,
    clock,
    signal: stop.signal,
  });
  await untilOutput(left, /data: .*cut; waiting/);
  stop.abort();
  assert.equal(await left.exit, 130);
  const spec = { backupHistoryLimit: 2 };
  await stage.cluster.patch(backupConfigurations, { name: 'deploy-app', namespace }, { spec });
  const later = hastyClock(new Date(clock.now().getTime() + 6 * minute));
  const rerun = stage.play('snapshot deploy/app --snapshot-class sandbox', { namespace, clock: later });
  assert.equal(await rerun.exit, 0, rerun.context.stderr());
  assert.match(rerun.context.stderr(), /had run out of time; beginning another/);
  assert.match(rerun.context.stdout(), /snapshotted: its snapshot is ready/);
  const sessions = await stage.all(backupSessions, namespace);
  assert.deepEqual(
    sessions.map(({ status }) => [status?.phase, status?.conditions?.[0]?.type]),
    [
      ['Failed', 'DeadlineExceeded'],
      ['Succeeded', 'BackupHistoryCleaned'],
    ],
  );
  assert.deepEqual(await stage.snapshotted(namespace), ['data', 'data']);
});
