/**
 * One namespace cannot keep the operator from working for another: its sessions, hooks and silent requests occupy no
 * more than its share of the places, and each session ends at its deadline, also in a queue.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { annotation } from '#src/api/labels.ts';
import { backupSessions, daemonSets, jobs, pods } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { createQueue } from '#src/operator/queue.ts';
import { createSessionRuns } from '#src/operator/session-runs.ts';
import { adapter } from '#test/cluster-adapter/adapter.ts';
import { serve } from '#test/cluster-adapter/serve.ts';
import { ask } from '#test/operator/ask.ts';
import { backUp } from '#test/operator/carried-out.ts';
import { eventually } from '#test/operator/eventually.ts';
import { openSessionStage, type SessionStage } from '#test/operator/session-stage.ts';
import { withClass } from '#test/session/app-objects.ts';
import { inPod, runningHome } from '#test/session/hooked.ts';
import { manualClock } from '#test/support/clock.ts';

const never = () => new Promise<never>(() => undefined);

async function open(t: TestContext, times?: number): Promise<SessionStage> {
  const place = await openSessionStage(times);
  t.after(() => place[Symbol.asyncDispose]());
  return place;
}

test('reconciles of one namespace that do not end leave places to the others', async () => {
  const began: string[] = [];
  const queue = createQueue({
    reconcile: ({ namespace, name }) => {
      began.push(`${namespace}/${name}`);
      return namespace === 'greedy' ? never() : Promise.resolve(undefined);
    },
    onError: () => undefined,
    clock: manualClock(),
    signal: new AbortController().signal,
  });
  for (let n = 0; n < 100; n++) queue.enqueue({ namespace: 'greedy', name: `${n}` });
  queue.enqueue({ namespace: 'modest', name: 'one' });
  queue.start();
  await setImmediate();
  queue.enqueue({ namespace: 'modest', name: 'two' });
  await setImmediate();
  assert.deepEqual(
    began.filter((each) => each.startsWith('modest')),
    ['modest/one', 'modest/two'],
  );
});

test('sessions of one namespace that do not end leave places to the others', () => {
  const began: string[] = [];
  const runs = createSessionRuns({
    ...{ atOnce: 5, clock: manualClock(), onEnd: () => undefined },
    onError: (_, error) => {
      throw error;
    },
  });
  const { signal } = new AbortController();
  const work = (uid: string) => () => {
    began.push(uid);
    return never();
  };
  for (let n = 0; n < 20; n++) {
    runs.start({ uid: `run ${n}`, namespace: 'greedy' }, signal, work(`run ${n}`));
    runs.finish({ uid: `end ${n}`, namespace: 'greedy' }, signal, work(`end ${n}`));
  }
  runs.start({ uid: 'run', namespace: 'modest' }, signal, work('run'));
  runs.finish({ uid: 'end', namespace: 'modest' }, signal, work('end'));
  assert.equal(began.length, 3 + 4 + 2);
  assert.deepEqual(began.slice(-2), ['run', 'end']);
});

test('a read without an answer is sent again over another connection', async () => {
  await using api = await serve((_, n) =>
    n === 1 ? { hang: true } : { body: { kind: 'PodList', metadata: { resourceVersion: '1' }, items: [] } },
  );
  const cluster = adapter(api.url, { limits: { firstSilence: 500, silence: 3_600_000 } });
  const stopping = new AbortController();
  for await (const event of cluster.watch(pods, {}, stopping.signal)) {
    assert.equal(event.type, 'listed');
    break;
  }
  stopping.abort();
});

suite('in the operator', { concurrency: 4 }, () => {
  test('sessions that never end: those of another namespace are carried out, a queued one ends in time', async (t) => {
    const place = await open(t);
    const { stage } = place;
    await stage.snapshotClass('never', { fault: 'never-ready' });
    const greedy = await stage.home(['data']);
    await place.operator({ sessionsAtOnce: 5 });
    const begin = async (name: string, timeOut: string) => {
      await place.configuration(greedy, { timeOut, ...withClass('never') }, undefined, name);
      await place.session(greedy, name, { spec: { invoker: { kind: 'BackupConfiguration', name } } });
    };
    for (let n = 0; n < 5; n++) await begin(`long-${n}`, '24h');
    await stage.until(
      backupSessions,
      greedy,
      (all) => all.filter(({ status }) => status?.phase === 'Running').length === 3,
    );
    await begin('short', '20s');
    await backUp(place);
    const { status } = await place.ended(greedy, 'short');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /DeadlineExceeded.*queued/);
    const others = (await stage.all(backupSessions, greedy)).filter(
      ({ metadata }) => metadata.name !== 'short',
    );
    assert.deepEqual(
      others.map((session) => isFinal(session)),
      Array(5).fill(false),
    );
  });

  test('a list without an answer holds only what needs it', async (t) => {
    const place = await open(t);
    const silent = async function* (signal: AbortSignal) {
      yield* [];
      await once(signal, 'abort');
    };
    const through = (real: Cluster): Cluster => ({
      ...real,
      watch: (resource, scope, signal) =>
        resource.plural === daemonSets.plural ? silent(signal) : real.watch(resource, scope, signal),
    });
    const operator = await place.operator({ through });
    await backUp(place);
    assert.equal((await ask(operator, '/readyz'))[0], 503);
  });

  test('dead sessions whose thaw does not answer: a session of another namespace gets its Job', async (t) => {
    const place = await open(t, 1);
    const { stage } = place;
    const greedy = await runningHome(stage, ['data']);
    const exec = { command: ['/bin/sh', '-c', 'until [ -e /data/go ]; do sleep 0.05; done'] };
    await place.configuration(greedy, { hooks: { postBackup: { exec, containerName: 'app' } } });
    await Promise.all(Array.from({ length: 20 }, (_, n) => deadSession(place, greedy, `dead-${n}`)));
    let later = 0;
    const clock = { ...place.clock, now: () => new Date(place.clock.now().getTime() + later) };
    const operator = await place.operator({ clock, runSessions: 'in-jobs' });
    await untilThawing(place, greedy, 4);

    const modest = await stage.home(['data']);
    await place.configuration(modest);
    await place.session(modest, 's1');
    await stage.until(jobs, modest, (all) => all.length === 1);
    later = 11 * 60_000;
    // The reconcile of the Job that was just created may seem long, too, until it ends.
    await eventually(async () => (await ask(operator, '/healthz'))[0] === 200, 'it is unhealthy');
    const dead = await stage.all(backupSessions, greedy);
    assert.deepEqual([dead.length, dead.filter((session) => isFinal(session)).length], [20, 0]);
    later = 0;
    await inPod(stage, greedy, 'touch /data/go');
    await stage.until(backupSessions, greedy, (all) => all.every((session) => isFinal(session)));
  });
});

/** A session of an executor that died while the application was quiesced, long after its deadline. */
async function deadSession(place: SessionStage, namespace: string, name: string): Promise<void> {
  const since = new Date(place.clock.now().getTime() - 3_600_000).toISOString();
  const { cluster } = place.stage.sandbox;
  await place.session(namespace, name, {
    metadata: {
      annotations: { [annotation.quiescedSince]: since, [annotation.sessionClaims]: '["data"]' },
    },
  });
  const ran = {
    ...{ type: 'PreBackupHookExecutionSucceeded', lastTransitionTime: since },
    ...({ status: 'True', reason: 'SuccessfullyExecutedPreBackupHook' } as const),
  };
  const status = {
    ...({ phase: 'Running', sessionDeadline: since } as const),
    targets: [{ phase: 'Running' as const, conditions: [ran] }],
  };
  await cluster.patch(backupSessions, { name, namespace }, { status }, { subresource: 'status' });
}

/** Resolves once the operator holds so many sessions. */
async function untilThawing({ stage }: SessionStage, namespace: string, count: number): Promise<void> {
  await stage.until(
    backupSessions,
    namespace,
    (all) => all.filter((session) => readHolder(session) !== undefined).length === count,
  );
}
