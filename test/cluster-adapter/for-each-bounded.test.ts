import assert from 'node:assert/strict';
import { test } from 'node:test';

import { forEachBounded } from '#src/cluster/for-each-bounded.ts';

test('so many at a time, all of them, and the first failure once all have ended', async () => {
  const done: number[] = [];
  let underWay = 0;
  let most = 0;
  const work = forEachBounded([0, 1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, (underWay += 1));
    await Promise.resolve();
    underWay -= 1;
    if (item === 2) throw new Error('two');
    done.push(item);
  });
  await assert.rejects(work, /two/);
  assert.equal(most, 3);
  assert.deepEqual(done.toSorted(), [0, 1, 3, 4, 5, 6, 7]);
});
