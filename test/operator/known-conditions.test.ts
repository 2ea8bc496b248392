import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { knownConditions, ownConditions } from '#test/e2e/operator/known-conditions.ts';

const root = resolve(import.meta.dirname, '../..');
const published = resolve(root, '../shared/contract/conditions.md');

test('each known condition is asserted in the file that the list names', async () => {
  for (const { reason, by } of [...knownConditions, ...ownConditions]) {
    const text = await readFile(resolve(root, by), 'utf8');
    assert(text.includes(reason), `${by} lacks ${reason}`);
  }
});

test(
  'they are those of the published API',
  { skip: !existsSync(published) && 'the published conditions are not beside the project' },
  async () => {
    const text = await readFile(published, 'utf8');
    const rows = [...text.matchAll(/^\| (\w+(?:, \w+)*) \| [^|]+ \| ([^|]+) \|$/gm)].flatMap(
      ([, types = '', reasons = '']) => types.split(', ').map((type) => ({ type, reasons })),
    );
    const theirs = rows.filter(({ reasons }) => reasons !== 'reasons (true / false)');
    assert.deepEqual(
      [...new Set(knownConditions.map(({ type }) => type))].sort(),
      theirs.map(({ type }) => type).sort(),
    );
    const reasonsOf = (type: string) =>
      knownConditions
        .filter((known) => known.type === type)
        .map(({ reason }) => reason)
        .sort();
    const spelledOut = theirs.filter(({ reasons }) => !/…|^as /.test(reasons));
    assert(spelledOut.length > 8);
    for (const { type, reasons } of spelledOut) {
      assert.deepEqual(reasonsOf(type), reasons.split(/ \/ |, /).sort(), type);
    }
  },
);
