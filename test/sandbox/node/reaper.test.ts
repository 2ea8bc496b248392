import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const program = `
  import { spawn } from 'node:child_process';
  import { openReaper } from '#src/sandbox/node/reaper.ts';
  const reaper = openReaper();
  const start = (command) => spawn('sh', ['-c', command], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] });
  const gone = start('exit 0');
  gone.on('exit', () => {
    const [first, second] = [start('sleep 1000'), start('sleep 1000')];
    for (const { pid } of [first, gone, second]) reaper.add(pid);
    reaper.remove(gone.pid);
    process.stdout.write('ready');
  });
`;

test('child processes end when their parent is killed', { timeout: 20_000 }, async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  assert.equal(said.toString(), 'ready');
  parent.kill('SIGKILL');
  // Both children hold the write end of this pipe open.
  parent.stdout.resume();
  await once(parent.stdout, 'end');
});
