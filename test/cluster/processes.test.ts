import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { createProcesses, type ProcessOptions } from './processes.ts';

async function shell(t: TestContext, script: string): Promise<ProcessOptions> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-processes-'));
  t.after(() => rm(directory, { recursive: true }));
  return {
    name: 'server',
    path: '/bin/sh',
    args: ['-c', script],
    log: join(directory, 'server.log'),
    isReady: async (log) => (await log()).includes('serving'),
  };
}

test('start waits until a program is ready, and it can be stopped and restarted', async (t) => {
  const processes = createProcesses();
  const server = await processes.start(await shell(t, 'echo serving; exec sleep 1000'));
  const first = server.pid;
  await server.stop();
  assert.throws(() => process.kill(first, 0));
  await server.start();
  const second = server.pid;
  assert.notEqual(second, first);
  server.pause();
  await processes.stopAll();
  assert.throws(() => process.kill(second, 0));
});

test('a program that exits before it is ready is an error that quotes its log', async (t) => {
  const processes = createProcesses();
  const options = await shell(t, 'echo no such flag; exit 3');
  await assert.rejects(processes.start(options), (error: Error) => {
    assert.match(error.message, /^server ended; the end of .*server\.log:\nno such flag$/);
    return true;
  });
  await processes.stopAll();
});
