/** Records a scene: a sandbox, a shell on a terminal in it, and a user who types. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stashCrds } from '#src/api/crds/index.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import { applyDefinitions } from '#src/sandbox/seed.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { furnishHome, runInShell } from '#test/e2e/terminal.ts';
import { ourProgram } from '#test/support/our-program.ts';

import type { Cast } from './cast.ts';
import type { Scene } from './scenes.ts';
import { openTypist } from './typist.ts';

/** Enough rows for every scene: a picture leaves out those at the end that stay empty. */
const size = { columns: 100, rows: 50 };
/** Seconds: a reader sees that something is awaited, and does not wait with it. */
const longestPause = 1.5;

/** Rejects if a command fails or does not end. `signal`: ends everything that was started. */
export async function record({ title, steps }: Scene, signal?: AbortSignal): Promise<Cast> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-picture-'));
  const sandbox = await startSandbox({ directory: join(directory, 'sandbox'), program: await ourProgram() });
  try {
    await applyDefinitions(sandbox.cluster, stashCrds);
    const env = await furnishHome(directory, sandbox.kubeconfig, {
      namespace: 'default',
      developer: undefined,
    });
    const shell = { cwd: directory, env, ...(signal && { signal }) };
    const classes = join(import.meta.dirname, 'unhurried-driver.yaml');
    await runInShell(commandLine`kubectl replace --force -f ${classes}`, shell);
    await using typist = await openTypist(size, shell);
    for (const { command, isSeen } of steps) {
      if (isSeen) await typist.type(command);
      else await runInShell(command, shell);
    }
    return { ...size, title, longestPause, output: typist.output() };
  } finally {
    await sandbox.stop();
    await removeTree(directory);
  }
}
