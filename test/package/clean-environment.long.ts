/** Runs the binary in a minimal environment: no Node, no home, no terminal, no writable directory. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { clientVersion } from '#src/cli/version.ts';
import { hostRelease } from './host-release.ts';

const release = await hostRelease();
const skip = release === undefined;
const nobody = 65534;

interface Options {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const scratch = release?.scratch ?? '';
const program = release?.program ?? '';
const locked = join(scratch, 'locked');
const temporary = join(scratch, 'temporary');
if (release) {
  mkdirSync(locked);
  mkdirSync(temporary);
  chmodSync(temporary, 0o777);
  chmodSync(locked, 0o555);
}

/** Runs it in a read-only working directory, as a user who owns no files. */
function run({ args, env = {} }: Options) {
  const root = process.getuid?.() === 0;
  return spawnSync(program, args, {
    cwd: locked,
    // The program's directory has a space in its name. The sandbox's containers need sh.
    env: { PATH: `${dirname(program)}:/usr/bin:/bin`, TMPDIR: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 60_000,
    ...(root && { uid: nobody, gid: nobody }),
  });
}

test('it prints its version, and ignores the environment variables of Node', { skip }, () => {
  const said = { status: 0, stdout: `Client Version: ${clientVersion}\n`, stderr: '' };
  const environments: Record<string, string>[] = [
    {},
    { HOME: '' },
    { HOME: locked },
    { HOME: '/nonexistent' },
    { NODE_OPTIONS: '--require /nonexistent.js --inspect-brk' },
  ];
  for (const env of environments) {
    const { status, stdout, stderr } = run({ args: ['version', '--client'], env });
    assert.deepEqual({ status, stdout, stderr }, said, JSON.stringify(env));
  }
});

test('a usage error is one line, a hint and exit code 2', { skip }, () => {
  const { status, stdout, stderr } = run({ args: ['list', '--frobnicate'] });
  assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
  assert.match(stderr, /^error: unknown flag.*\nhint: .*\n$/);
});

test('it runs in a working directory that was removed', { skip }, () => {
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" list --server=http://127.0.0.1:1';
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script, program], {
    cwd: temporary,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^error: unreachable server http:\/\/127\.0\.0\.1:1: connection refused$/m);
});

test('it serves a sandbox, and works inside it from PATH', { skip }, () => {
  const script = 'kubectl-stash install --crds >/dev/null && kubectl-stash list && kubectl-stash version';
  const { status, stdout, stderr } = run({ args: ['sandbox', '--', 'sh', '-c', script] });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Client Version: v.*\nServer Version: v.*sandbox$/m);
  assert.deepEqual(readdirSync(locked), []);
});

test('the operator runs as the same binary in pods of the sandbox', { skip }, () => {
  const script = join(scratch, 'operator.sh');
  writeFileSync(script, 'kubectl-stash install && kubectl-stash uninstall --yes\n');
  const { status, stderr } = run({ args: ['sandbox', '--', 'sh', script] });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /2 of 2 replicas are available/);
});
