/** Asserts conditions, and that a file's tests brought about all that are theirs to bring about. */
import assert from 'node:assert/strict';
import { relative, resolve } from 'node:path';
import { test } from 'node:test';

import type { Condition } from '#src/api/kubernetes.ts';

import { knownConditions } from './known-conditions.ts';

const root = resolve(import.meta.dirname, '../../..');
const known = new Set(knownConditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`));
const reached = new Set<string>();

/** `BackupSkipped True SkippedTakingNewBackup`, sorted. */
export function tell(conditions: readonly Condition[] = []): string[] {
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`).sort();
}

/** Exactly these, of the conditions that are known. */
export function assertTold(conditions: readonly Condition[] | undefined, ...expected: string[]): void {
  assert.deepEqual(tell(conditions), expected.sort());
  for (const line of expected) note(line);
}

/** This one among others. */
export function isTold(conditions: readonly Condition[] | undefined, expected: string): boolean {
  const isThere = tell(conditions).includes(expected);
  if (isThere) note(expected);
  return isThere;
}

function note(line: string): void {
  assert(known.has(line), `no such condition: ${line}`);
  reached.add(line);
}

/** To be called once a file's other tests have run. `filename`: its `import.meta.filename`. */
export function testReached(filename: string, skip: string | false): void {
  const file = relative(root, filename).replaceAll('\\', '/');
  test('every condition of this file was brought about', { skip }, () => {
    const missing = knownConditions
      .filter(({ by }) => by === file)
      .map(({ type, status, reason }) => `${type} ${status} ${reason}`)
      .filter((line) => !reached.has(line));
    assert.deepEqual(missing, []);
  });
}
