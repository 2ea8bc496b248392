/** The commands of kubectl in hints, run by kubectl in the states in which the other tests print them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { missingKubectl } from '#test/e2e/kubectl.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));

for (const file of files) {
  test(`hints of ${file}`, { skip: missingKubectl() }, () => {
    const path = join(import.meta.dirname, file);
    // Else the runner would take the process for one of its own files.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, HINTS_KUBECTL: 'kubectl' };
    const { status, stdout } = spawnSync(process.execPath, ['--test', path], {
      encoding: 'utf8',
      env,
    });
    assert.equal(status, 0, stdout);
  });
}
