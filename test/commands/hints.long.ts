/** The commands in hints, run in the states in which the other tests print them; those of kubectl if there is one. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import { missingKubectl } from '#test/e2e/kubectl.ts';

const patterns = ['test/{commands,install,security}/*.{test,long}.ts', 'test/e2e/*.test.ts'];
const files = globSync(patterns).filter((file) =>
  /= await start(?:World|Server)\(/.test(readFileSync(file, 'utf8')),
);
const kubectl = missingKubectl() === false ? { HINTS_KUBECTL: 'kubectl' } : {};

await suite('hints', { concurrency: 2 }, () => {
  for (const file of files) {
    test(`of ${file}`, async () => {
      // Else the runner would take the process for one of its own files.
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined, RUN_HINTS: '1', ...kubectl };
      const { failed, out } = await new Promise<{ failed: boolean; out: string }>((done) => {
        execFile(process.execPath, ['--test', file], { env, maxBuffer: 2 ** 26 }, (error, out) => {
          done({ failed: error !== null, out });
        });
      });
      assert.ok(!failed, out);
    });
  }
});
