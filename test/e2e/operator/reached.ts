/** Asserts conditions, and that the tests of a file produced all conditions assigned to it. */
import assert from 'node:assert/strict';
import { relative, resolve } from 'node:path';
import { test } from 'node:test';

import type { Condition } from '#src/api/kubernetes.ts';

import { knownConditions, ownConditions } from './known-conditions.ts';

const root = resolve(import.meta.dirname, '../../..');
const all = [...knownConditions, ...ownConditions];
const known = new Set(all.map(({ type, status, reason }) => `${type} ${status} ${reason}`));
const reached = new Set<string>();

/** Returns for example `BackupSkipped True SkippedTakingNewBackup` per condition, sorted. */
export function describeConditions(conditions: readonly Condition[] = []): string[] {
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`).sort();
}

/** Asserts that the known conditions are exactly these. */
export function assertConditions(conditions: readonly Condition[] | undefined, ...expected: string[]): void {
  assert.deepEqual(describeConditions(conditions), expected.sort());
  for (const line of expected) note(line);
}

/** Returns true if this condition is among them. */
export function hasCondition(conditions: readonly Condition[] | undefined, expected: string): boolean {
  const isThere = describeConditions(conditions).includes(expected);
  if (isThere) note(expected);
  return isThere;
}

function note(line: string): void {
  assert(known.has(line), `unknown condition: ${line}`);
  reached.add(line);
}

/** Defines a test; call it after the file's other tests. `filename`: the file's `import.meta.filename`. */
export function testReached(filename: string, skip: string | false): void {
  const file = relative(root, filename).replaceAll('\\', '/');
  test('the tests of this file produced all its conditions', { skip }, () => {
    const missing = all
      .filter(({ by }) => by === file)
      .map(({ type, status, reason }) => `${type} ${status} ${reason}`)
      .filter((line) => !reached.has(line));
    assert.deepEqual(missing, []);
  });
}
