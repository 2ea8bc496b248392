/** What goes wrong while an application is quiet: whoever is left lets it go on, and says so. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions, pods } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { defaultTimeoutMs, findCondition } from '#src/domain/session/session-status.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { runBackup, type BackupTask } from '#src/session/backup.ts';
import { hold } from '#src/session/hold.ts';
import { planBackup } from '#src/session/plan-backup.ts';
import { lookAround } from '#src/session/surroundings.ts';
import { manualClock } from '#test/support/clock.ts';

import { fastClock, hastyClock } from './clocks.ts';
import { logOf, note, runningHome } from './hooked.ts';
import { openStage, told, type Play, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
  await stage.snapshotClass('uncut', { fault: 'error-always' });
});
after(() => stage.stop());

const words = ['snapshot', 'deploy/app', '--executor=local', '--pre', note('freeze'), '--post', note('thaw')];

interface Quiet {
  readonly namespace: string;
  readonly play: Play;
  readonly stop: AbortController;
}

/** A session whose application is quiet, and whose snapshot is never cut. */
async function quiet(clock = hastyClock()): Promise<Quiet> {
  const namespace = await runningHome(stage, ['data']);
  const stop = new AbortController();
  const argv = [...words, '--max-freeze', '10h', '--snapshot-class', 'uncut', '--timeout', '20h'];
  const play = stage.play(argv, { namespace, clock, signal: stop.signal });
  await told(play, /data: .*driver reports/);
  assert.deepEqual(await logOf(stage, namespace), ['freeze']);
  return { namespace, play, stop };
}

async function only(namespace: string): Promise<Stored<BackupSession>> {
  const [session, second] = await stage.all(backupSessions, namespace);
  assert(session && !second);
  return session;
}

/** As the operator does it with a session whose executor it saw dead. */
async function takeOver(namespace: string, more: Partial<BackupTask>): Promise<Progress> {
  const { cluster } = stage;
  const clock = hastyClock();
  const environment = { cluster, clock, signal: new AbortController().signal, onChange: () => undefined };
  const session = await only(namespace);
  const held = await hold(environment, backupSessions, session, 'operator', readHolder(session));
  assert(held);
  const target: Target = { kind: 'Deployment', name: 'app', namespace };
  const request = { target, user: 'operator', snapshotClass: 'uncut' };
  const plan = await planBackup(lookAround(cluster, namespace), request);
  const [configuration] = await stage.all(backupConfigurations, namespace);
  try {
    return await runBackup(environment, {
      ...{ held, ...plan, configuration, timeoutMs: defaultTimeoutMs, failFast: false },
      ...more,
    });
  } finally {
    await held.release();
  }
}

test('a disruption: it is thawed and ends Failed; who was taken over does not thaw', async () => {
  const { namespace, play, stop } = await quiet();
  const disrupted = 'its Job was deleted';
  const { verdict } = await takeOver(namespace, { disrupted, adHoc: true });
  assert.deepEqual(verdict, { outcome: 'failed', message: 'data: its Job was deleted' });
  const session = await only(namespace);
  assert.equal(session.status?.phase, 'Failed');
  const { reason, message } = findCondition(session, 'BackupDisrupted') ?? {};
  assert.deepEqual([reason, message], ['FailedToCompleteDueToDisruption', disrupted]);
  stop.abort();
  assert.equal(await play.exit, 130);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
});

test('hooks of somebody else’s command line are not run: it ends Failed, and says what thaws', async () => {
  const { namespace } = await quiet();
  const { verdict } = await takeOver(namespace, {});
  const [pod] = await stage.all(pods, namespace);
  const where = `-n ${namespace} ${pod?.metadata.name ?? ''} -c app`;
  assert.equal(
    verdict?.message,
    'data: its hooks were given on the command line, and nobody else runs them; the application may still be ' +
      `quiesced; to thaw it: kubectl exec ${where} -- /bin/sh -c 'echo thaw >> /data/log'`,
  );
  assert.deepEqual(await logOf(stage, namespace), ['freeze']);
  assert(findCondition(await only(namespace), 'BackupDisrupted'));
});

test('a session that is deleted while the application is quiet', async () => {
  const clock = manualClock(new Date());
  const { namespace, play } = await quiet(clock);
  const { name } = (await only(namespace)).metadata;
  await stage.sandbox.cluster.delete(backupSessions, { name, namespace });
  await clock.advance(11_000);
  assert.equal(await play.exit, 4, play.context.stderr());
  assert.match(play.context.stderr(), /was deleted while it ran/);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
});

test('who may not run commands in pods takes no snapshot', async () => {
  const namespace = await runningHome(stage, ['data']);
  const cluster = {
    ...stage.cluster,
    exec: () => Promise.reject(new StashError('forbidden', 'user "test" may not create pods/exec')),
  };
  const { exit, context } = stage.play(words, { namespace, clock: fastClock(), cluster });
  assert.equal(await exit, 4);
  assert.match(
    context.stderr(),
    /preBackup hook failed in pod app-\S+ .*: user "test" may not create pods\/exec/,
  );
  assert.deepEqual(await stage.snapshotted(namespace), []);
});

test('a hook that does not end is given up', async () => {
  const namespace = await runningHome(stage, ['data']);
  const clock = manualClock(new Date());
  const pre = `${note('freeze')}; exec sleep 3600`;
  const argv = ['snapshot', 'deploy/app', '--executor=local', '--pre', pre, '--post', note('thaw')];
  const play = stage.play(argv, { namespace, clock });
  while (!(await logOf(stage, namespace)).includes('freeze'));
  await clock.advance(60_000);
  assert.equal(await play.exit, 4, play.context.stderr());
  assert.match(
    play.context.stderr(),
    /preBackup hook failed in pod app-\S+ \(container app\): not done within 1m/,
  );
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
  assert.deepEqual(await stage.snapshotted(namespace), []);
});

test('a request that has no answer: it is given up, and the network is suspected', async () => {
  const namespace = await runningHome(stage, ['data']);
  const silent = createServer(() => undefined);
  await new Promise<void>((up) => {
    silent.listen(0, '127.0.0.1', up);
  });
  const clock = manualClock(new Date());
  const asked = once(silent, 'request');
  const { port } = silent.address() as AddressInfo;
  await stage.sandbox.cluster.create<BackupConfiguration>(backupConfigurations, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: { name: 'hooked', namespace },
    spec: {
      driver: 'VolumeSnapshotter',
      schedule: '@daily',
      target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' } },
      retentionPolicy: { name: 'keep-all', prune: false },
      hooks: { preBackup: { httpGet: { port } } },
    },
  });
  const argv = 'snapshot deploy/app --executor=local --timeout 5m';
  const play = stage.play(argv, { namespace, clock });
  try {
    await asked;
    await clock.advance(5 * 60_000);
    assert.equal(await play.exit, 5, play.context.stderr());
    assert.match(
      play.context.stderr(),
      /127\.0\.0\.1:\d+: no answer in time; from here the pods' network may be out/,
    );
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

test('a snapshot whose creation has no answer does not keep the application quiet', async () => {
  const namespace = await runningHome(stage, ['data']);
  const clock = manualClock(new Date());
  const asked = Promise.withResolvers<undefined>();
  const cluster: Stage['cluster'] = {
    ...stage.cluster,
    create: (resource, ...args) => {
      if (resource.plural !== 'volumesnapshots') return stage.cluster.create(resource, ...args);
      asked.resolve(undefined);
      return Promise.withResolvers<never>().promise;
    },
  };
  const play = stage.play([...words, '--timeout', '20h'], { namespace, clock, cluster });
  await asked.promise;
  await clock.advance(61_000);
  assert.equal(await play.exit, 4, play.context.stderr());
  assert.match(play.context.stderr(), /data: not cut within 1m of quiescing the application/);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
});
