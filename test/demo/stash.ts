/** Runs the program itself, as a user types it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { Show } from './show.ts';

export const root = join(import.meta.dirname, '../..');
export const program = join(root, 'cmd/kubectl-stash.ts');

/** Rejects if the exit code is not 0. */
export async function stash(show: Show, words: string): Promise<void> {
  show.prompt(`kubectl stash ${words}`);
  const child = spawn(process.execPath, [program, ...words.split(' ')], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`kubectl stash ${words} ended with ${code ?? 'a signal'}`);
}
