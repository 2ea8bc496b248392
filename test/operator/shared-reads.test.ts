import assert from 'node:assert/strict';
import { test } from 'node:test';

import { joined } from '#src/operator/shared-reads.ts';

test('whoever asks gets what was there after it was asked, and many are answered at once', async () => {
  let version = 0;
  let reads = 0;
  const gates: (() => void)[] = [];
  const read = joined(async () => {
    reads += 1;
    const told = version;
    await new Promise<void>((go) => gates.push(go));
    return told;
  });
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

test('a read that fails is told to those who asked for it, and the next is a new one', async () => {
  let reads = 0;
  const read = joined(() => {
    reads += 1;
    return reads === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve(reads);
  });
  await assert.rejects(read(), /no answer/);
  assert.equal(await read(), 2);
});
