/** Sessions whose connection to the API server is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import { manualClock } from '#test/support/clock.ts';

import { fastClock, hastyClock } from './clocks.ts';
import { outage } from './outage.ts';
import { openStage, untilOutput, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
  await stage.snapshotClass('never', { fault: 'never-ready' });
  await stage.storageClass('never', { fault: 'never-ready' });
});
after(() => stage.stop());

const minute = 60_000;

test("the deadline passes during an outage: the snapshot's state is unknown, and a rerun goes on", async () => {
  const namespace = await stage.home(['data']);
  const { cluster, begin, end } = outage(stage.cluster);
  const clock = manualClock(new Date());
  const argv = 'snapshot deploy/app --executor local --timeout 1m --snapshot-class never -o json';
  const play = stage.play(argv, { namespace, clock, cluster });
  await untilOutput(play, /data: Running \(cut/);
  begin();
  await untilOutput(play, /note: unreachable server/);
  await clock.advance(minute + 14_000);
  await stage.until(volumeSnapshots, namespace, (all) => all.length === 1);
  assert.doesNotMatch(play.context.stderr(), /Failed|not seen ready/);
  await clock.advance(minute);
  assert.equal(await play.exit, 5, play.context.stderr());
  assert.equal(play.context.stdout(), '');
  assert.match(
    play.context.stderr(),
    /timed out: its deadline has passed and its end could not be written: unreachable server https:\/\/demo: connection refused; data: not seen ready after 1m/,
  );
  assert.deepEqual(await stage.phases(namespace), ['Running']);

  end();
  const spec = { backupHistoryLimit: 2 };
  await stage.cluster.patch(backupConfigurations, { name: 'deploy-app', namespace }, { spec });
  const later = fastClock(new Date(Date.now() + 3 * minute));
  const again = stage.play('snapshot deploy/app --executor local --snapshot-class sandbox', {
    namespace,
    clock: later,
    cluster,
  });
  assert.equal(await again.exit, 0, again.context.stderr());
  assert.doesNotMatch(again.context.stderr(), /not created yet/);
  assert.deepEqual(await stage.phases(namespace), ['Failed', 'Succeeded']);
});

test("the connection returns shortly after the deadline: the session ends by the snapshot's state", async () => {
  const namespace = await stage.home(['data']);
  const { cluster, begin, end } = outage(stage.cluster);
  const clock = manualClock(new Date());
  const argv = 'snapshot deploy/app --executor local --timeout 1m --snapshot-class never';
  const play = stage.play(argv, { namespace, clock, cluster });
  await untilOutput(play, /data: Running \(cut/);
  begin();
  await untilOutput(play, /note: unreachable server/);
  await stage.makeReady(namespace, 'data');
  await clock.advance(minute + 10_000);
  end();
  await stage.until(volumeSnapshots, namespace, ([data]) => data?.status?.readyToUse === true);
  await untilOutput(play, /data: Ready/);
  await clock.advance(8_000);
  assert.equal(await play.exit, 0, play.context.stderr());
  assert.deepEqual(await stage.phases(namespace), ['Succeeded']);
});

test('the deadline of a restore passes during an outage: the same', async () => {
  const namespace = await stage.home(['data']);
  const taken = stage.play('snapshot deploy/app', { namespace, clock: hastyClock() });
  assert.equal(await taken.exit, 0, taken.context.stderr());
  await stage.loseClaims(namespace, 'data');
  const { cluster, begin } = outage(stage.cluster);
  const clock = manualClock(new Date());
  const argv = 'restore deploy/app --executor local --timeout 1m --storage-class never';
  const play = stage.play(argv, { namespace, clock, cluster });
  await untilOutput(play, /data: Running/);
  begin();
  await untilOutput(play, /note: unreachable server/);
  await clock.advance(2 * minute);
  assert.equal(await play.exit, 5, play.context.stderr());
  assert.match(play.context.stderr(), /its end could not be written: .*; data: not seen bound after 1m/);
});
