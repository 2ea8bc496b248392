import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compareServers, sumUp } from './compare-servers.ts';
import type { TestResult } from './results-reporter.ts';

test('tests by server', () => {
  const result = (name: string, outcome: TestResult['outcome'], seconds: number): TestResult => ({
    file: 'test/e2e/files.test.ts',
    name,
    outcome,
    seconds,
  });
  const runs = [
    { server: 'sandbox', results: [result('copies', 'passed', 0.41), result('links', 'skipped', 0)] },
    { server: 'real', results: [result('copies', 'failed', 12.04), result('holes', 'passed', 3)] },
  ];
  assert.equal(
    compareServers(runs),
    `TEST            SANDBOX         REAL
files: copies   passed 0.4 s    FAILED 12.0 s   <>
files: links    skipped 0.0 s   not run
files: holes    not run         passed 3.0 s
                1 of 2 passed   1 of 2 passed
`,
  );
  assert.match(sumUp(runs, 15_440.2), /^ℹ tests 4\n(.*\n)*ℹ pass 2\nℹ fail 1\n(.*\n)*ℹ skipped 1\n/);
});
