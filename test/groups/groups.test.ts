import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';

import { groups, type GroupName } from './groups.ts';
import { filesOf, root } from './run-group.ts';

const names = Object.keys(groups) as GroupName[];

test('every test file outside test/e2e is in one group', () => {
  const files = globSync('test/**/*.test.ts', { cwd: root, exclude: ['test/e2e/**'] });
  assert.deepEqual(names.flatMap(filesOf).sort(), files.sort());
});

test('every group has a file that runs it', () => {
  const files = globSync('*.group.ts', { cwd: import.meta.dirname }).sort();
  assert.deepEqual(files, names.map((name) => `${name}.group.ts`).sort());
});
