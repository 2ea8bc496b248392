/** Finds a path of a volume, however its symbolic links lead. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { StashError } from '#src/errors.ts';

/**
 * Resolves with the real path of `path` (see `claimPath`) below `root`. Rejects with 'not-found', and with 'precondition' if it leads out of
 * the volume.
 */
export async function inside(root: string, path: string): Promise<string> {
  const top = await realpath(root);
  const found = await realpath(join(top, path)).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    throw new StashError('not-found', `the volume has no /${path}`, {
      hint: 'a symbolic link with an absolute path leads nowhere here: name the file itself',
    });
  });
  if (found === top || found.startsWith(top === '/' ? top : `${top}/`)) return found;
  throw new StashError('precondition', `/${path} leads out of the volume`, {
    hint: 'name a file of the volume',
  });
}

export function isMissing(error: unknown): boolean {
  return isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP');
}

export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
