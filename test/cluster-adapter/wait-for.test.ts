import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { jobs, pods } from '#src/api/resources.ts';
import { waitFor } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';
import { manualClock } from '#test/support/clock.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const listed = (...names: string[]) => ({ type: 'listed', items: names.map(podOf) });
const podOf = (name: string) => ({ metadata: { name, uid: name } });

function scene() {
  const told = { pods: new PassThrough({ objectMode: true }), jobs: new PassThrough({ objectMode: true }) };
  const interruption = new AbortController();
  const clock = manualClock();
  const cluster = stubCluster({
    watch: ({ plural }) => told[plural as keyof typeof told] as AsyncIterable<never>,
  });
  return {
    told,
    interruption,
    clock,
    environment: { cluster, clock, signal: interruption.signal, tell: () => undefined },
  };
}

/** Waits for a pod `a`, 30 seconds at most. */
function podA({ environment }: ReturnType<typeof scene>, listWithinMs?: number): Promise<string> {
  const until = after(environment.clock, 30_000);
  return waitFor<string>({ ...environment, ...(listWithinMs !== undefined && { listWithinMs }) }, (watch) => {
    const found = watch(pods, {});
    return (now) => {
      if (found.items.has('a')) return { result: 'there' };
      return now < until ? { until } : { result: `not there, of ${found.items.size}` };
    };
  });
}

test('the question is asked once everything is listed, and again at each change', async () => {
  const { told, environment } = scene();
  const counts: number[] = [];
  const waiting = waitFor<string>(environment, (watch) => {
    const [one, other] = [watch(pods, {}), watch(jobs, {})];
    return (now) => {
      counts.push(one.items.size + other.items.size);
      return one.items.has('b') ? { result: 'b' } : { until: new Date(+now + 60_000) };
    };
  });
  told.pods.write(listed('a'));
  told.jobs.write(listed('j'));
  told.pods.write({ type: 'changed', object: podOf('b') });
  assert.equal(await waiting, 'b');
  assert.ok(
    counts.every((count) => count >= 2),
    counts.join(),
  );
});

test('the question is asked again at the time that it names', async () => {
  const given = scene();
  const waiting = podA(given);
  given.told.pods.write(listed('b', 'c'));
  await given.clock.advance(30_000);
  assert.equal(await waiting, 'not there, of 2');
});

test('without a limit, a first list may take longer than the question would wait', async () => {
  const given = scene();
  const waiting = podA(given);
  await given.clock.advance(60_000);
  given.told.pods.write(listed('a'));
  assert.equal(await waiting, 'there');
});

test('an outage is told once it lasts 5 s, once for each, and in the words of a time-out', async () => {
  const given = scene();
  const told: string[] = [];
  const environment = { ...given.environment, tell: (line: string) => void told.push(line) };
  const until = after(given.clock, 60_000);
  const waiting = assert.rejects(
    waitFor<never>(environment, (watch) => {
      watch(pods, {});
      return (now) => {
        if (now < until) return { until };
        throw new StashError('timed-out', 'still there', { hint: 'look' });
      };
    }),
    {
      kind: 'timed-out',
      message: 'still there; cannot follow pods: connection refused',
      hint: 'look',
    },
  );
  const words = 'cannot follow pods: connection refused; trying again';
  const send = async (event: object, seconds: number) => {
    given.told.pods.write(event);
    await setImmediate();
    await given.clock.advance(seconds * 1000);
  };
  await send(listed('a'), 1);
  await send({ type: 'lost', why: 'connection refused' }, 4);
  assert.deepEqual(told, []);
  await send(listed('a'), 10);
  assert.deepEqual(told, [], 'a short outage');
  await send({ type: 'lost', why: 'connection refused' }, 20);
  assert.deepEqual(told, [words]);
  await send(listed('a'), 1);
  await send({ type: 'lost', why: 'connection refused' }, 60);
  assert.deepEqual(told, [words, words]);
  await waiting;
});

test('a first list that does not come in time is an error that says why', async () => {
  const silent = scene();
  const unanswered = assert.rejects(podA(silent, 5_000), {
    kind: 'timed-out',
    message: 'cannot list pods: timed out after 5s: the API server has not answered',
  });
  await silent.clock.advance(5_000);
  await unanswered;

  const away = scene();
  away.told.pods.write({ type: 'lost', why: 'connection refused' });
  const refused = assert.rejects(podA(away, 5_000), {
    kind: 'timed-out',
    message: 'cannot list pods: timed out after 5s: connection refused',
  });
  await away.clock.advance(5_000);
  await refused;
});

test('a refusal ends the wait, before the first list and after it', async () => {
  const forbidden = new StashError('forbidden', 'no right to watch pods');
  for (const before of [[], [listed('b')]]) {
    const given = scene();
    const waiting = assert.rejects(podA(given), forbidden);
    for (const event of before) given.told.pods.write(event);
    await given.clock.advance(1_000);
    given.told.pods.destroy(forbidden);
    await waiting;
  }
});

test('an optional collection is not waited for, and may be refused', async () => {
  const { told, clock, environment } = scene();
  const waiting = waitFor<number>({ ...environment, listWithinMs: 5_000 }, (watch) => {
    const needed = watch(pods, {});
    const beside = watch(jobs, {}, { optional: true });
    return (now) =>
      needed.items.has('b') ? { result: beside.items.size } : { until: new Date(+now + 60_000) };
  });
  told.pods.write(listed('a'));
  await clock.advance(6_000);
  told.jobs.destroy(new StashError('forbidden', 'no right to watch jobs'));
  await clock.advance(1_000);
  told.pods.write({ type: 'changed', object: podOf('b') });
  assert.equal(await waiting, 0);
});

test('an interruption ends the wait at any time', async () => {
  for (const before of [[], [listed('b')]]) {
    const given = scene();
    const waiting = assert.rejects(podA(given), { kind: 'interrupted' });
    for (const event of before) given.told.pods.write(event);
    await given.clock.advance(1_000);
    given.interruption.abort();
    await waiting;
  }
});
