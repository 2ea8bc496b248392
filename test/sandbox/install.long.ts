import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { ourProgram } from '#test/support/our-program.ts';

const [command = '', ...first] = (await ourProgram()).argv;

test('the operator can be installed and becomes ready in a sandbox of the command line', async () => {
  const inner = [command, ...first, 'install', '--timeout=30s'];
  const { stdout, stderr } = await promisify(execFile)(command, [...first, 'sandbox', '--', ...inner]);
  assert.match(stdout, /^deployment\.apps\/kubectl-stash-operator created$/m);
  assert.match(stderr, /^2 of 2 replicas are available$/m);
});
