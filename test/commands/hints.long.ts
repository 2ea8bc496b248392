/** The commands in hints, run in the states in which the other tests print them; those of kubectl where there is one. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { missingKubectl } from '#test/e2e/kubectl.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
const kubectl = missingKubectl() === false ? { HINTS_KUBECTL: 'kubectl' } : {};

await suite('hints', { concurrency: 2 }, () => {
  for (const file of files) {
    test(`of ${file}`, async () => {
      const path = join(import.meta.dirname, file);
      // Else the runner would take the process for one of its own files.
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined, RUN_HINTS: '1', ...kubectl };
      const { failed, out } = await new Promise<{ failed: boolean; out: string }>((done) => {
        execFile(process.execPath, ['--test', path], { env, maxBuffer: 2 ** 26 }, (error, out) => {
          done({ failed: error !== null, out });
        });
      });
      assert.ok(!failed, out);
    });
  }
});
