/** A snapshot session whose requests fail, or that is interrupted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { StashError, type ErrorKind } from '#src/errors.ts';
import { manualClock } from '#test/support/clock.ts';

import { hastyClock } from './clocks.ts';
import { onCreate } from './on-create.ts';
import { openStage, untilOutput, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
  await stage.snapshotClass('never', { fault: 'never-ready' });
});
after(() => stage.stop());

const minute = 60_000;

const logsOf = (object: KubernetesObject) => object.metadata.name?.startsWith('logs') === true;

for (const kind of ['forbidden', 'invalid'] satisfies ErrorKind[]) {
  test(`one creation is refused as ${kind}: the others succeed, and the session has failed`, async () => {
    const namespace = await stage.home(['data', 'logs', 'www']);
    const cluster = onCreate(stage.cluster, volumeSnapshots, (object, send) => {
      if (logsOf(object)) throw new StashError(kind, 'admission webhook "quota" denied the request');
      return send();
    });
    const { exit, context } = stage.play('snapshot deploy/app', { namespace, clock: hastyClock(), cluster });
    assert.equal(await exit, 4);
    assert.match(context.stderr(), /error: .*: logs: admission webhook "quota" denied the request/);
    assert.deepEqual(await stage.snapshotted(namespace), ['data', 'www']);
    const [session] = await stage.all(backupSessions, namespace);
    assert.deepEqual(
      session?.status?.targets?.[0]?.stats?.map(({ hostname, phase }) => [hostname, phase]),
      [
        ['data', 'Succeeded'],
        ['logs', 'Failed'],
        ['www', 'Succeeded'],
      ],
    );
  });
}

test('every write fails twice, and then succeeds without an answer', async () => {
  const namespace = await stage.home(['data', 'logs']);
  const { faults } = stage.sandbox;
  for (const [verb, plural] of [
    ['create', 'backupconfigurations'],
    ['create', 'backupsessions'],
    ['create', 'volumesnapshots'],
    ['patch', 'backupsessions/status'],
  ] as const) {
    faults.inject({ verb, plural, times: 2, effect: { kind: 'cut' } });
    faults.inject({ verb, plural, nth: 3, effect: { kind: 'cut-after' } });
    const trouble = { kind: 'fail', code: 500, reason: 'InternalError' } as const;
    faults.inject({ verb, plural, nth: 4, effect: trouble });
  }
  const { exit, context } = stage.play('snapshot deploy/app', { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  faults.clear();
  assert.equal((await stage.all(backupConfigurations, namespace)).length, 1);
  assert.deepEqual(await stage.phases(namespace), ['Succeeded']);
  assert.deepEqual(await stage.snapshotted(namespace), ['data', 'logs']);
});

test('an answer is lost while the watch lags behind: the snapshot is found, not created twice', async () => {
  const namespace = await stage.home(['data']);
  const catchUp = Promise.withResolvers<undefined>();
  const cluster: Cluster = {
    ...onCreate(stage.cluster, volumeSnapshots, async (_, send) => {
      await send();
      throw new StashError('unreachable', 'connection reset');
    }),
    async *watch(resource, scope, signal) {
      for await (const event of stage.cluster.watch(resource, scope, signal)) {
        if (resource.plural === volumeSnapshots.plural && event.type !== 'listed') await catchUp.promise;
        yield event;
      }
    },
  };
  const play = stage.play('snapshot deploy/app', { namespace, clock: hastyClock(), cluster });
  await untilOutput(play, /data: Running/);
  catchUp.resolve(undefined);
  assert.equal(await play.exit, 0, play.context.stderr());
  assert.deepEqual(await stage.snapshotted(namespace), ['data']);
});

test('retries failing creations until the deadline, and no longer', async () => {
  const namespace = await stage.home(['data', 'logs']);
  const clock = manualClock(new Date());
  const cluster = onCreate(stage.cluster, volumeSnapshots, (object, send) => {
    if (logsOf(object)) throw new StashError('server', 'failed calling webhook "policy"');
    return send();
  });
  const play = stage.play('snapshot deploy/app --executor local', { namespace, clock, cluster });
  await untilOutput(play, /note: failed calling webhook "policy"/);
  await stage.until(volumeSnapshots, namespace, ([data]) => data?.status?.readyToUse === true);
  await clock.advance(10 * minute);
  assert.equal(await play.exit, 5);
  assert.match(play.context.stderr(), /error: .* timed out: logs: failed calling webhook "policy"/);
  assert.deepEqual(await stage.phases(namespace), ['Failed']);
});

test('Ctrl-C stops, says how to go on, and releases the session, so that a rerun need not wait', async () => {
  const namespace = await stage.home(['data']);
  const stop = new AbortController();
  const argv = 'snapshot deploy/app --snapshot-class never';
  const play = stage.play(argv, { namespace, clock: hastyClock(), signal: stop.signal });
  await untilOutput(play, /data: .*cut; waiting/);
  stop.abort();
  assert.equal(await play.exit, 130);
  assert.match(play.context.stderr(), new RegExp(`kubectl stash snapshot deployment/app -n ${namespace}\n`));
  assert.match(play.context.stderr(), /kubectl stash wait deploy-app-\d+ -n/);
  const rerun = stage.play(argv, { namespace, clock: hastyClock() });
  await untilOutput(rerun, /data: .*cut; waiting/);
  await stage.makeReady(namespace, 'data');
  assert.equal(await rerun.exit, 0);
  assert.deepEqual(await stage.phases(namespace), ['Succeeded']);
  assert.deepEqual(await stage.snapshotted(namespace), ['data']);
});
