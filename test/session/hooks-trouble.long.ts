/** Failures while an application is quiesced: the executor that is left resumes it, and says so. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions, pods } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import type { SessionEnd } from '#src/domain/session/session-end.ts';
import { findCondition, timeLimitMs } from '#src/domain/session/session-status.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { hold } from '#src/session/holding/hold.ts';
import type { SessionContext } from '#src/session/kind.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { planBackup } from '#src/session/plan/plan-backup.ts';
import { runSession } from '#src/session/run/run-session.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { manualClock } from '#test/support/clock.ts';

import { appConfiguration } from './app-objects.ts';
import { fastClock, hastyClock } from './clocks.ts';
import { logOf, note, runningHome } from './hooked.ts';
import { openStage, untilOutput, type Play, type Stage } from './stage.ts';

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

/** A session whose application is quiesced and whose snapshot is never cut. */
async function quiet(clock = hastyClock()): Promise<Quiet> {
  const namespace = await runningHome(stage, ['data']);
  const stop = new AbortController();
  const argv = [...words, '--max-freeze', '10h', '--snapshot-class', 'uncut', '--timeout', '20h'];
  const play = stage.play(argv, { namespace, clock, signal: stop.signal });
  await untilOutput(play, /data: .*driver reports/);
  assert.deepEqual(await logOf(stage, namespace), ['freeze']);
  return { namespace, play, stop };
}

async function only(namespace: string): Promise<Stored<BackupSession>> {
  const [session, second] = await stage.all(backupSessions, namespace);
  assert(session && !second);
  return session;
}

/** Acts as the operator does for a session whose executor it has seen dead. */
async function takeOver(
  namespace: string,
  { end, ...more }: Pick<SessionContext, 'runsGivenHooks'> & { readonly end?: SessionEnd },
): Promise<Progress> {
  const { cluster } = stage;
  const clock = hastyClock();
  const environment = {
    cluster,
    clock,
    signal: new AbortController().signal,
    tell: () => undefined,
    onChange: () => undefined,
  };
  const session = await only(namespace);
  const held = await hold(environment, backup, session, 'operator', readHolder(session));
  assert(held);
  const target: Target = { kind: 'Deployment', name: 'app', namespace };
  const request = { target, user: 'operator', snapshotClass: 'uncut' };
  const plan = await planBackup(readerOf(cluster, namespace), request);
  const [configuration] = await stage.all(backupConfigurations, namespace);
  try {
    const context = { configuration, ...more };
    return await runSession(environment, backup, {
      ...{ held, plan, context, end, timeoutMs: timeLimitMs(undefined) },
    });
  } finally {
    await held.release();
  }
}

test('a disruption: the operator resumes the application, the replaced executor does not', async () => {
  const { namespace, play, stop } = await quiet();
  const disrupted = 'its Job was deleted';
  const { verdict } = await takeOver(namespace, {
    end: { how: 'disrupted', why: disrupted },
    runsGivenHooks: true,
  });
  assert.deepEqual(verdict, { outcome: 'failed', message: 'data: its Job was deleted' });
  const session = await only(namespace);
  assert.equal(session.status?.phase, 'Failed');
  const { reason, message } = findCondition(session, 'BackupDisrupted') ?? {};
  assert.deepEqual([reason, message], ['FailedToCompleteDueToDisruption', disrupted]);
  stop.abort();
  assert.equal(await play.exit, 130);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
});

test('the operator runs no hooks of a command line: the session fails, and says how to resume', async () => {
  const { namespace } = await quiet();
  const { verdict } = await takeOver(namespace, {});
  const [pod] = await stage.all(pods, namespace);
  const where = `-n ${namespace} ${pod?.metadata.name ?? ''} -c app`;
  assert.equal(
    verdict?.message,
    'data: its hooks were given on another command line, and only that command runs them; the application may still be ' +
      `quiesced; to resume it: kubectl exec ${where} -- /bin/sh -c 'echo thaw >> /data/log'`,
  );
  assert.deepEqual(await logOf(stage, namespace), ['freeze']);
  assert(findCondition(await only(namespace), 'BackupDisrupted'));
});

test('a session is deleted while the application is quiesced: the executor resumes it', async () => {
  const clock = manualClock(new Date());
  const { namespace, play } = await quiet(clock);
  const { name } = (await only(namespace)).metadata;
  await stage.sandbox.cluster.delete(backupSessions, { name, namespace });
  await clock.advance(11_000);
  assert.equal(await play.exit, 4, play.context.stderr());
  assert.match(play.context.stderr(), /was deleted while it ran/);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
});

test('a user who may not run commands in pods takes no snapshot', async () => {
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

test('gives up a hook that does not end', async () => {
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

test('gives up a hook request without an answer, and hints at the pod network', async () => {
  const namespace = await runningHome(stage, ['data']);
  const silent = createServer(() => undefined);
  await new Promise<void>((up) => {
    silent.listen(0, '127.0.0.1', up);
  });
  const clock = manualClock(new Date());
  const asked = once(silent, 'request');
  const { port } = silent.address() as AddressInfo;
  const hooks = { preBackup: { httpGet: { port } } };
  await stage.sandbox.cluster.create(
    backupConfigurations,
    appConfiguration({ name: 'hooked', namespace }, { hooks }),
  );
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

test('resumes the application even while the creation of a snapshot gets no answer', async () => {
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
