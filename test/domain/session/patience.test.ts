/** How long the programs wait for each other after a deadline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deadAfterMs } from '#src/domain/session/holder.ts';
import { executorGraceMs, followerGraceMs, vacantGraceMs } from '#src/domain/session/patience.ts';
import { lostGraceMs } from '#src/domain/session/session-status.ts';

test('after a deadline each program waits longer than the ones that it waits for', () => {
  const needed: number[] = [lostGraceMs + 10_000, deadAfterMs];
  assert.equal(Math.max(executorGraceMs, ...needed), executorGraceMs);
  const graces: number[] = [vacantGraceMs, lostGraceMs, executorGraceMs, followerGraceMs];
  assert.deepEqual(
    graces,
    graces.toSorted((a, b) => a - b),
  );
  assert.notEqual(followerGraceMs - executorGraceMs, 0);
});
