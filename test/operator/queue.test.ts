import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import fc from 'fast-check';

import { StashError } from '#src/errors.ts';
import { createQueue, type QueueOptions } from '#src/operator/queue.ts';
import type { Key } from '#src/operator/reconciler.ts';
import { manualClock } from '#test/support/clock.ts';

const key = (name: string): Key => ({ namespace: 'demo', name });

function stage(reconcile: (name: string) => Promise<number | undefined>, more: Partial<QueueOptions> = {}) {
  const clock = manualClock();
  const began = clock.now().getTime();
  const stopping = new AbortController();
  /** `name@seconds` of each reconcile. */
  const looks: string[] = [];
  const errors: string[] = [];
  const queue = createQueue({
    reconcile: ({ name }) => {
      looks.push(`${name}@${(clock.now().getTime() - began) / 1000}`);
      return reconcile(name);
    },
    onError: ({ name }, error) => errors.push(`${name}: ${error instanceof Error ? error.message : ''}`),
    clock,
    signal: stopping.signal,
    random: () => 1,
    ...more,
  });
  return { clock, stopping, looks, errors, queue };
}

const done = () => Promise.resolve(undefined);

test('reconciles only after the start, each object once however often it was enqueued', async () => {
  const { queue, looks } = stage(done);
  for (const name of ['a', 'b', 'a', 'a']) queue.enqueue(key(name));
  await setImmediate();
  assert.deepEqual([looks, queue.depth()], [[], 2]);
  queue.start();
  await setImmediate();
  assert.deepEqual([looks, queue.depth()], [['a@0', 'b@0'], 0]);
});

test('an object that changes during its reconcile is reconciled once more, never twice at a time', async () => {
  const gates: (() => void)[] = [];
  const { queue, looks } = stage(
    () =>
      new Promise((resolve) =>
        gates.push(() => {
          resolve(undefined);
        }),
      ),
  );
  queue.start();
  queue.enqueue(key('a'));
  await setImmediate();
  for (let n = 0; n < 3; n++) queue.enqueue(key('a'));
  await setImmediate();
  assert.equal(looks.length, 1);
  gates.shift()?.();
  await setImmediate();
  assert.equal(looks.length, 2);
  gates.shift()?.();
  await setImmediate();
  assert.equal(looks.length, 2);
});

test('reconciles no more objects at a time than allowed, in the order of their enqueueing', async () => {
  let running = 0;
  let most = 0;
  const { queue, looks } = stage(
    async () => {
      most = Math.max(most, ++running);
      await setImmediate();
      running -= 1;
      return undefined;
    },
    { concurrency: 3, perNamespace: 3 },
  );
  const names = Array.from({ length: 20 }, (_, n) => `n${n}`);
  for (const name of names) queue.enqueue(key(name));
  queue.start();
  while (looks.length < names.length) await setImmediate();
  assert.equal(most, 3);
  assert.deepEqual(
    looks,
    names.map((name) => `${name}@0`),
  );
});

test('the backoff of a failing object grows to five minutes at most, and starts again after a success', async () => {
  let failing = true;
  const { queue, looks, errors, clock } = stage(() =>
    failing ? Promise.reject(new Error('no')) : Promise.resolve(undefined),
  );
  queue.start();
  queue.enqueue(key('a'));
  await clock.advance(20 * 60_000);
  assert.deepEqual(
    looks.map((look) => Number(look.slice(2))),
    [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111],
  );
  assert.equal(errors.length, looks.length);
  failing = false;
  // A change is reconciled at once, without waiting for the backoff.
  queue.enqueue(key('a'));
  await clock.advance(0);
  assert.equal(looks.at(-1), 'a@1200');
  failing = true;
  queue.enqueue(key('a'));
  await clock.advance(1_000);
  assert.deepEqual(looks.slice(-2), ['a@1200', 'a@1201']);
});

test('retries almost at once after a conflict', async () => {
  let conflicts = 3;
  const { queue, looks, clock } = stage(() =>
    conflicts-- > 0 ? Promise.reject(new StashError('conflict', 'another client wrote first')) : done(),
  );
  queue.start();
  queue.enqueue(key('a'));
  await clock.advance(1_000);
  assert.deepEqual(looks, ['a@0', 'a@0.05', 'a@0.15', 'a@0.35']);
});

test('jitter shortens the backoff by up to half', async () => {
  const { queue, looks, clock } = stage(() => Promise.reject(new Error('no')), { random: () => 0 });
  queue.start();
  queue.enqueue(key('a'));
  await clock.advance(1_500);
  assert.deepEqual(looks, ['a@0', 'a@0.5', 'a@1.5']);
});

test('reconciles again after the requested time, unless a change comes first', async () => {
  const { queue, looks, clock } = stage(() => Promise.resolve(60_000));
  queue.start();
  queue.enqueue(key('a'));
  await clock.advance(40_000);
  queue.enqueue(key('a'));
  await clock.advance(90_000);
  assert.deepEqual(looks, ['a@0', 'a@40', 'a@100']);
});

test('after the abort nothing starts or waits, and it ends with the running reconciles', async () => {
  const gate = Promise.withResolvers<undefined>();
  const { queue, looks, errors, clock, stopping } = stage((name) =>
    name === 'long' ? gate.promise : Promise.resolve(1_000),
  );
  queue.start();
  queue.enqueue(key('timed'));
  queue.enqueue(key('long'));
  await clock.advance(0);
  assert.equal(queue.busySince()?.getTime(), clock.now().getTime());
  stopping.abort();
  queue.enqueue(key('late'));
  let ended = false;
  const end = queue.ended().then(() => (ended = true));
  await clock.advance(10_000);
  assert.deepEqual([looks, ended, clock.sleepers()], [['timed@0', 'long@0'], false, 0]);
  gate.reject(new StashError('interrupted', 'interrupted'));
  await end;
  assert.deepEqual([errors, queue.depth(), queue.busySince()], [[], 0, undefined]);
});

test('the last state of an object is always reconciled', async () => {
  const change = fc.record({ name: fc.constantFrom('a', 'b', 'c'), pause: fc.nat(3), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
      const state = new Map<string, number>();
      const seen = new Map<string, number | undefined>();
      const busy = new Set<string>();
      let fails = false;
      const { queue, clock } = stage(
        async (name) => {
          assert.ok(!busy.has(name), 'two looks at the same object');
          busy.add(name);
          const now = state.get(name);
          await setImmediate();
          busy.delete(name);
          if (fails) throw new Error('no');
          seen.set(name, now);
          return undefined;
        },
        { concurrency: 2 },
      );
      queue.start();
      for (const { name, pause, ...one } of changes) {
        fails = one.fails;
        state.set(name, (state.get(name) ?? 0) + 1);
        queue.enqueue(key(name));
        for (let n = 0; n < pause; n++) await setImmediate();
      }
      fails = false;
      while (queue.depth() > 0 || busy.size > 0) await setImmediate();
      await clock.advance(10 * 60_000);
      while (busy.size > 0) await setImmediate();
      assert.deepEqual(seen, state);
    }),
    { numRuns: 50 },
  );
});
