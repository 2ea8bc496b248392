/** One sandbox at a time in a directory. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DirectoryError } from './directory-error.ts';

interface Owner {
  readonly pid: number;
  /** When the process began, in milliseconds since 1970: process ids are used again. */
  readonly started: number;
}

/**
 * Resolves with how to give the directory back. Throws a DirectoryError where a process that lives has it; the lock of
 * one that was killed counts for nothing.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'lock');
  const me: Owner = { pid: process.pid, started: performance.timeOrigin };
  for (;;) {
    try {
      await writeFile(path, JSON.stringify(me), { flag: 'wx', mode: 0o600 });
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = await readOwner(path);
    if (owner && lives(owner, me)) {
      const hint = `end that one first; where process ${owner.pid} is something else, remove ${path}`;
      throw new DirectoryError(`process ${owner.pid} runs a sandbox on ${directory}`, hint);
    }
    await rm(path, { force: true });
  }
}

/** Undefined where the lock is gone, or was cut off while it was written. */
async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const { pid, started } = JSON.parse(await readFile(path, 'utf8')) as Partial<Owner>;
    return typeof pid === 'number' && typeof started === 'number' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

function lives(owner: Owner, me: Owner): boolean {
  if (owner.pid === me.pid) return owner.started === me.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
