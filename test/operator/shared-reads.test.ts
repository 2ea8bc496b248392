import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { joined } from '#src/operator/shared-reads.ts';
import { manualClock } from '#test/support/clock.ts';

const atOnce = { clock: manualClock(), apartMs: 0 };

test('a result is never older than the call, and one read serves many calls', async () => {
  let version = 0;
  let reads = 0;
  const gates: (() => void)[] = [];
  const read = joined(async () => {
    reads += 1;
    const told = version;
    await new Promise<void>((go) => gates.push(go));
    return told;
  }, atOnce);
  const first = read();
  await Promise.resolve();
  version = 1;
  const others = [read(), read(), read()];
  await Promise.resolve();
  gates.shift()?.();
  assert.equal(await first, 0);
  await Promise.resolve();
  gates.shift()?.();
  assert.deepEqual(await Promise.all(others), [1, 1, 1]);
  assert.equal(reads, 2);
});

test('a failed read rejects only the calls that share it', async () => {
  let reads = 0;
  const read = joined(() => {
    reads += 1;
    return reads === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve(reads);
  }, atOnce);
  await assert.rejects(read(), /no answer/);
  assert.equal(await read(), 2);
});

test('a result is not kept in memory after it was returned', async () => {
  const read = joined(() => Promise.resolve({ large: true }), atOnce);
  const told = new WeakRef(await read());
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The awaited value is released one turn of the event loop later.
  await new Promise(setImmediate);
  collect();
  assert.equal(told.deref(), undefined);
  assert.deepEqual(await read(), { large: true });
});

test('calls soon after a read wait for the next one, and share it', async () => {
  const clock = manualClock();
  const began = clock.now().getTime();
  const reads: number[] = [];
  const read = joined(
    () => {
      const at = clock.now().getTime() - began;
      reads.push(at);
      return Promise.resolve(at);
    },
    { clock, apartMs: 1_000 },
  );
  assert.equal(await read(), 0);
  await clock.advance(300);
  const early = read();
  await clock.advance(600);
  const late = read();
  await clock.advance(2_100);
  assert.deepEqual(await Promise.all([early, late]), [1_000, 1_000]);
  assert.equal(await read(), 3_000);
  assert.deepEqual(reads, [0, 1_000, 3_000]);
});
