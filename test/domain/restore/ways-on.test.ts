import assert from 'node:assert/strict';
import { test } from 'node:test';

import { racedClaims } from '#src/domain/restore/ways-on.ts';
import { statefulSet, target } from '#test/domain/objects.ts';

const names = ['data-db-0', 'data-db-1', 'data-db-2', 'other'];
const rows: [replicas: number, raced: string[]][] = [
  [0, []],
  [1, ['data-db-0']],
  [2, ['data-db-0', 'data-db-1']],
];
for (const [replicas, raced] of rows) {
  test(`the controller of ${replicas} replicas would create ${raced.join(', ') || 'nothing'}`, () => {
    const words = {
      ...{ target, from: 's-1', written: () => [], names: new Map<string, string>() },
      ...{ workload: statefulSet(replicas), flags: { only: [], suffix: undefined, claim: [] } },
    };
    assert.deepEqual(racedClaims(names, words), raced);
  });
}
