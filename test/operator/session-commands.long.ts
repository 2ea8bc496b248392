/** The commands of the Jobs: `operator create-vs` and `operator restore-vs`. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { backupSessions, restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import { readSourceClaim } from '#src/domain/restore-points/source-claim.ts';
import { shareReads } from '#src/operator/shared-reads.ts';
import { carryOut } from '#src/session/run/carry-out.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { withClass } from '#test/session/app-objects.ts';
import { untilOutput } from '#test/session/stage.ts';

import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage();
const { stage, clock } = place;
after(() => place[Symbol.asyncDispose]());

const createVs = 'operator create-vs --backupsession s1';
const slow = withClass('slow');
await stage.snapshotClass('slow', { delay: '500ms' });
await stage.snapshotClass('never', { fault: 'never-ready' });

test('carries the session out and logs each change in a line', async () => {
  const home = await stage.home(['data-0', 'data-1']);
  await place.configuration(home);
  await place.session(home, 's1');
  const play = stage.play(createVs, { namespace: home, clock });
  assert.equal(await play.exit, 0, play.context.stderr());
  assert.equal((await place.ended(home, 's1')).status?.phase, 'Succeeded');
  const lines = play.context.stderr();
  assert.match(lines, /^backupsession\/s1: data-0: Ready \(1Gi\)$/m);
  assert.match(lines, /^backupsession\/s1 has ended: Succeeded$/m);
  assert.equal(play.context.stdout(), '');
});

test('Jobs, the operator and the command line record the same about a claim on its snapshot', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home);
  await place.session(home, 's1');
  assert.equal(await stage.play(createVs, { namespace: home, clock }).exit, 0);
  const session = await place.session(home, 's2');
  const { signal } = new AbortController();
  await carryOut(
    { cluster: stage.cluster, clock, signal, tell: () => undefined, onChange: () => undefined },
    backup,
    {
      session,
      id: 'op-1',
      context: { maxFreezeMs: 60_000, reads: shareReads(stage.cluster, clock)(home) },
      held: 'leave',
    },
  );
  const byHand = stage.play('snapshot deploy/app --executor=local', { namespace: home, clock });
  assert.equal(await byHand.exit, 0, byHand.context.stderr());
  const [first, ...others] = (await stage.all(volumeSnapshots, home)).map(readSourceClaim);
  assert.equal(others.length, 2);
  assert.ok(first?.volumeHandle !== undefined);
  for (const other of others) assert.deepEqual(other, first);
});

test('exits with 0 when the session ends Failed', async () => {
  const home = await stage.home([]);
  await place.configuration(home);
  await place.session(home, 's1');
  const play = stage.play(createVs, { namespace: home, clock });
  assert.equal(await play.exit, 0);
  assert.match(play.context.stderr(), /has ended: Failed/);
});

test('of two at a time one carries the session out, and both exit after its end', async () => {
  const home = await stage.home(['data-0', 'data-1']);
  await place.configuration(home, slow);
  await place.session(home, 's1');
  const plays = [1, 2].map(() => stage.play(createVs, { namespace: home, clock }));
  assert.deepEqual(await Promise.all(plays.map(({ exit }) => exit)), [0, 0]);
  assert.deepEqual((await stage.snapshotted(home)).sort(), ['data-0', 'data-1']);
});

test('when interrupted, it gives the session back, and the next one continues with the same claims', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home, slow);
  await place.session(home, 's1');
  const interrupted = new AbortController();
  const first = stage.play(createVs, { namespace: home, clock, signal: interrupted.signal });
  await untilOutput(first, /data: /);
  interrupted.abort();
  assert.equal(await first.exit, 130);
  const [left] = await stage.all(backupSessions, home);
  assert.equal(left?.status?.phase, 'Running');
  assert.equal(left.metadata.annotations?.['stash.appscode.com/executor'], '');
  await stage.claim(home, 'another');
  assert.equal(await stage.play(createVs, { namespace: home, clock }).exit, 0);
  assert.equal((await place.ended(home, 's1')).status?.phase, 'Succeeded');
  assert.deepEqual(await stage.snapshotted(home), ['data']);
});

test('does not wait for a holder that was a deleted pod of the same Job', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home);
  const began = clock.now().getTime();
  await place.session(home, 's1', {
    metadata: { annotations: { 'stash.appscode.com/executor': 'stash-vs-s1-abcde 4' } },
  });
  assert.equal(await stage.play(createVs, { namespace: home, clock }).exit, 0);
  assert.equal((await place.ended(home, 's1')).status?.phase, 'Succeeded');
  assert.ok(clock.now().getTime() - began < 30_000, 'it waited for the deleted pod');
});

test('waits for any other holder until it counts as dead', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home);
  const began = clock.now().getTime();
  await place.session(home, 's1', {
    metadata: { annotations: { 'stash.appscode.com/executor': 'cli-1 4' } },
  });
  assert.equal(await stage.play(createVs, { namespace: home, clock }).exit, 0);
  assert.ok(clock.now().getTime() - began >= 30_000, 'it was taken over from a living holder');
});

test('the deadline of the configuration ends the session', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home, {
    timeOut: '5s',
    ...withClass('never'),
  });
  await place.session(home, 's1');
  assert.equal(await stage.play(createVs, { namespace: home, clock }).exit, 0);
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.conditions?.[0]?.reason, 'FailedToCompleteWithinDeadline');
});

test('a session that does not exist or is not named is an error', async () => {
  const home = await stage.home([]);
  assert.equal(await stage.play(createVs, { namespace: home, clock }).exit, 3);
  assert.equal(await stage.play('operator create-vs', { namespace: home, clock }).exit, 2);
  assert.equal(await stage.play('operator restore-vs', { namespace: home, clock }).exit, 2);
});

test('a session without a configuration is an error with a reason, and is not changed', async () => {
  const home = await stage.home([]);
  const { cluster } = stage.sandbox;
  for (const [name, invoker, told] of [
    ['hollow', undefined, 'has no spec.invoker'],
    ['nameless', { kind: 'BackupConfiguration', name: '' }, 'has no spec.invoker'],
    ['batch', { kind: 'BackupBatch', name: 'b' }, 'is of backupbatch/b'],
  ] as const) {
    const made = await cluster.create<KubernetesObject>(backupSessions, {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'BackupSession',
      metadata: { name, namespace: home },
      ...(invoker && { spec: { invoker } }),
    });
    const play = stage.play(`operator create-vs --backupsession ${name}`, { namespace: home, clock });
    assert.equal(await play.exit, 1, play.context.stderr());
    assert.equal(
      play.context.stderr(),
      `error: backupsession/${name} ${told}: only sessions of a BackupConfiguration are supported\n` +
        `hint: kubectl get backupsession ${name} -n ${home} -o yaml\n`,
    );
    const after = await cluster.get(backupSessions, name, home);
    assert.equal(after.metadata.resourceVersion, made.metadata.resourceVersion);
  }
});

test('a restore from a missing snapshot ends Failed, an invalid one ends Invalid', async () => {
  const home = await stage.home([]);
  const template = {
    metadata: { name: 'restored' },
    spec: {
      accessModes: ['ReadWriteOnce' as const],
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'none' },
    },
  };
  await place.restore(home, 'r1', {
    driver: 'VolumeSnapshotter',
    target: { volumeClaimTemplates: [template] },
  });
  await place.restore(home, 'r2', {
    driver: 'VolumeSnapshotter',
    target: { volumeClaimTemplates: [template, template] },
  });
  for (const name of ['r1', 'r2']) {
    const play = stage.play(`operator restore-vs --restoresession ${name}`, { namespace: home, clock });
    assert.equal(await play.exit, 0, play.context.stderr());
  }
  const ended = await stage.all(restoreSessions, home);
  assert.deepEqual(
    ended.map(({ status }) => [status?.phase, status?.conditions?.map(({ message }) => message)]),
    [
      ['Failed', [`volumesnapshot "none" not found in namespace ${home}`]],
      ['Invalid', ['two claims would be named restored']],
    ],
  );
});
