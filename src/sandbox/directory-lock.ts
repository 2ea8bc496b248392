/** Lets only one sandbox use a directory at a time. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DirectoryError } from './directory-error.ts';

interface Owner {
  readonly pid: number;
  /** When the process started, in milliseconds since 1970, because process ids are reused. */
  readonly started: number;
}

/**
 * Resolves with a function that unlocks the directory. Throws a DirectoryError if a running process holds the
 * lock; the lock of a process that no longer runs is ignored.
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
    if (owner && isRunning(owner, me)) {
      const hint = `stop it first; if process ${owner.pid} is not a sandbox, remove ${path}`;
      throw new DirectoryError(`another sandbox is running in ${directory} (process ${owner.pid})`, hint);
    }
    await rm(path, { force: true });
  }
}

/** Resolves with undefined if the lock file is gone or incomplete. */
async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const { pid, started } = JSON.parse(await readFile(path, 'utf8')) as Partial<Owner>;
    return typeof pid === 'number' && typeof started === 'number' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(owner: Owner, me: Owner): boolean {
  if (owner.pid === me.pid) return owner.started === me.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
