/** The help of `sandbox` and its page of the documentation name what its driver reads. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { load } from 'js-yaml';

import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { command } from '#src/commands/sandbox.ts';
import { documentation } from '#src/domain/documentation.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { faults, parameterNames, readBehaviour } from '#src/sandbox/storage/faults.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/sandbox.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` +\| `([\w-]+)` /gm)].map(([, name = '', value = '']) => ({
  name,
  value,
}));

test('the page lists every parameter and every fault, each with a value that the driver takes', () => {
  assert.deepEqual([...new Set(rows.map(({ name }) => name))], [...parameterNames]);
  assert.deepEqual(
    rows.filter(({ name }) => name === 'fault').map(({ value }) => value),
    [...faults],
  );
  for (const { name, value } of rows) {
    assert.notDeepEqual(readBehaviour({ [name]: value }), readBehaviour(), `${name}: ${value}`);
  }
});

test('the help names every parameter, every value that is a word, and the page', () => {
  const words = rows.filter(({ value }) => !/\d/.test(value)).map(({ value }) => value);
  for (const word of [...parameterNames, ...words, documentation('sandbox.md')]) {
    assert.ok(command.description.includes(word), word);
  }
});

test('the class on the page is one for the driver', () => {
  const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(page) ?? [];
  const { driver, parameters } = load(yaml) as VolumeSnapshotClass;
  assert.equal(driver, driverName);
  assert.deepEqual(
    [readBehaviour(parameters).fault, readBehaviour(parameters).delay],
    ['error-once', 10_000],
  );
});
