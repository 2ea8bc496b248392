import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';

import { serve } from '#test/cluster-adapter/serve.ts';

const program = join(import.meta.dirname, '../../cmd/kubectl-stash.ts');

function start(...argv: string[]) {
  return startNode(program, ...argv);
}

function startNode(...argv: string[]) {
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Messages do not follow the user's language.
    env: { ...process.env, LC_ALL: 'de_DE.UTF-8' },
  });
  return { child, ended: once(child, 'close') };
}

test('results are on stdout, errors on stderr, and the exit code says which', async () => {
  const good = start('version', '--client');
  const bad = start('version', '--bogus');
  const [out, err] = await Promise.all([text(good.child.stdout), text(bad.child.stderr)]);
  assert.match(out, /^Client Version: v\d+\.\d+\.\d+\n$/);
  assert.equal(err, 'error: unknown flag --bogus\nhint: kubectl stash version --help\n');
  assert.deepEqual([(await good.ended)[0], (await bad.ended)[0]], [0, 2]);
});

test('a closed pipe is not an error', async () => {
  const { child, ended } = start('install', '--crds', '-o', 'json');
  child.stdout.destroy();
  const err = await text(child.stderr);
  assert.deepEqual([(await ended)[0], err], [0, '']);
});

const full = '/dev/full';

suite('on a full disk', { skip: !existsSync(full) && `no ${full}` }, () => {
  function startOnFull(...argv: string[]) {
    const disk = openSync(full, 'w');
    const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', disk, 'pipe'] });
    closeSync(disk);
    assert(child.stderr !== null);
    return { child, err: child.stderr, ended: once(child, 'close') };
  }

  const lost = 'error: cannot write the output: no space left on device\n';
  const lines = ['version --client', 'help', 'completion bash', 'install --crds -o yaml'];
  for (const line of lines) {
    test(`${line}: one line, exit 1`, async () => {
      const { err, ended } = startOnFull(...line.split(' '));
      assert.equal(await text(err), lost);
      assert.equal((await ended)[0], 1);
    });
  }

  test('a running sandbox goes on', async () => {
    const { child, err, ended } = startOnFull('sandbox');
    let told = '';
    for await (const chunk of err) {
      told += String(chunk);
      if (told.includes('serving a sandbox') && told.includes(lost)) child.kill('SIGTERM');
    }
    assert.equal((await ended)[0], 1, told);
  });

  test('an error that cannot be printed keeps its exit code', async () => {
    const disk = openSync(full, 'w');
    const child = spawn(process.execPath, [program, 'version', '--bogus'], {
      stdio: ['ignore', 'ignore', disk],
    });
    closeSync(disk);
    assert.equal((await once(child, 'close'))[0], 2);
  });
});

test('Ctrl-C ends a request that the server does not answer', async () => {
  await using api = await serve(() => ({ hang: true }));
  const asked = once(api.server, 'request');
  const { child, ended } = start('list', '--server', api.url, '--kubeconfig', '/dev/null');
  const told = text(child.stderr);
  await asked;
  child.kill('SIGINT');
  assert.equal(await told, `error: interrupted while waiting for server ${api.url}\n`);
  assert.equal((await ended)[0], 130);
});

test('SIGTERM ends the wait for a credential plugin, whatever the plugin has started', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'plugin-'));
  const plugin = join(directory.path, 'plugin');
  await writeFile(plugin, '#!/bin/sh\nsleep 30 &\necho started $! >&2\nwait\n', { mode: 0o755 });
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' };
  const kubeconfig = join(directory.path, 'kubeconfig');
  const config = {
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const { child, ended } = start('list', '--kubeconfig', kubeconfig);
  const began = performance.now();
  let told = '';
  for await (const chunk of child.stderr) {
    if (told === '') child.kill('SIGTERM');
    told += String(chunk);
    if (told.includes('error:')) break;
  }
  // The plugin's own child has our stderr, too, and lives on.
  child.stderr.destroy();
  assert.deepEqual(await ended, [130, null]);
  process.kill(Number(/^started (\d+)$/m.exec(told)?.[1]));
  assert.ok(performance.now() - began < 20_000);
  assert.match(told, /^error: interrupted while waiting for server https:\/\/127\.0\.0\.1:1$/m);
});

test('commands that must be quick do not load yargs', async () => {
  const withoutYargs = `import { registerHooks } from 'node:module';
    registerHooks({
      resolve(name, context, next) {
        if (name === 'yargs') throw new Error('yargs was asked for');
        return next(name, context);
      },
    });`;
  const lines = [
    '',
    'help version',
    'options',
    'version --client',
    'version --help',
    'frobnicate',
    'version -o json',
  ];
  const told = await Promise.all(
    lines.map(async (line) => {
      const node = startNode(
        `--import=data:text/javascript,${encodeURIComponent(withoutYargs)}`,
        program,
        ...line.split(' ').filter(Boolean),
      );
      node.child.stdout.resume();
      return text(node.child.stderr);
    }),
  );
  assert.deepEqual(
    lines.filter((_, index) => told[index]?.includes('yargs was asked for')),
    ['version -o json'],
  );
});
