import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { bundle } from '../../cmd/bundle.ts';
import { openStand } from './stand.ts';

const stand = await openStand();
const directory = await mkdtemp(join(tmpdir(), 'stash-bundle-'));
const bundled = join(directory, 'kubectl-stash.cjs');
await bundle('cmd/kubectl-stash.ts', bundled);
after(async () => {
  await stand[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function start(program: string, ...flags: string[]) {
  const argv = ['operator', 'run', '--kubeconfig', stand.kubeconfig, '--listen=127.0.0.1:0', ...flags];
  const child = spawn(process.execPath, [program, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, POD_NAME: 'stash-0' },
  });
  return { child, ended: once(child, 'close') };
}

for (const program of [join(import.meta.dirname, '../../cmd/kubectl-stash.ts'), bundled]) {
  test(`${program.endsWith('.ts') ? 'from source' : 'as one file'}: logs JSON, serves, and ends with 0 at SIGTERM`, async () => {
    const { child, ended } = start(program);
    const errors = text(child.stderr);
    const lines: Record<string, string>[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const entry = JSON.parse(line) as Record<string, string>;
      lines.push(entry);
      if (entry['msg'] !== 'the caches are filled: working') continue;
      const answer = await fetch(`http://${lines[0]?.['address'] ?? ''}/readyz`);
      assert.deepEqual([answer.status, await answer.text()], [200, 'ok\n']);
      const metrics = await (await fetch(`http://${lines[0]?.['address'] ?? ''}/metrics`)).text();
      assert.match(metrics, /^stash_leader 1$/m);
      assert.match(metrics, /^process_resident_memory_bytes \d+$/m);
      assert.match((await stand.leader()) ?? '', /^stash-0-[0-9a-f]{8}$/);
      child.kill('SIGTERM');
    }
    assert.deepEqual([(await ended)[0], await errors], [0, '']);
    assert.equal(await stand.leader(), '');
    const { level, time, msg } = lines[0] ?? {};
    assert.deepEqual([level, msg], ['info', 'serving health and metrics']);
    assert.match(time ?? '', /^\d{4}-\d\d-\d\dT/);
    assert.equal(lines.at(-1)?.['msg'], 'stopped');
  });
}

const refusals = [
  ['--listen=zz', 2, /^error: "zz" is not an address to listen on\nhint: .*:0/],
  [
    '--listen=192.0.2.1:1',
    1,
    /^error: cannot listen on 192\.0\.2\.1:1: this machine has no such address\nhint: /,
  ],
  ['--max-freeze=long', 2, /^error: --max-freeze takes a duration/],
] as const;

for (const [flag, code, said] of refusals) {
  test(`${flag} is refused`, async () => {
    const { child, ended } = start(bundled, flag);
    child.stdout.resume();
    assert.match(await text(child.stderr), said);
    assert.equal((await ended)[0], code);
  });
}

test('a port in use is refused', async () => {
  const port = new URL(stand.sandbox.url).port;
  const { child, ended } = start(bundled, `--listen=127.0.0.1:${port}`);
  child.stdout.resume();
  assert.match(
    await text(child.stderr),
    /^error: cannot listen on 127\.0\.0\.1:\d+: the address is already in use\n/,
  );
  assert.equal((await ended)[0], 1);
});
