/** Finds where `cp` writes to on this machine, before anything is created in the cluster. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { systemReason } from '#src/cluster/system-reason.ts';
import { StashError } from '#src/errors.ts';

/**
 * Resolves with the absolute path that the file or directory gets; `name`: its own, undefined for a whole volume. As with `cp`, a
 * directory that exists takes it in. Rejects with 'usage' if it cannot be written there.
 */
export async function localDestination(
  word: string,
  name: string | undefined,
  from: string,
): Promise<string> {
  if (word === '-')
    throw new StashError('usage', 'cp writes to files, not to stdout', {
      hint: 'name a file or a directory: . for the working directory, ./- for a file called -',
    });
  const given = resolve(from, word);
  if (await isDirectory(given)) {
    await demandWritable(given);
    return name === undefined ? given : join(given, name);
  }
  if (word.endsWith('/') && name !== undefined) throw noDirectory(given);
  if (!(await isDirectory(dirname(given)))) throw noDirectory(dirname(given));
  await demandWritable(dirname(given));
  return given;
}

async function demandWritable(directory: string): Promise<void> {
  try {
    await access(directory, constants.W_OK);
  } catch (error) {
    throw cannotWrite(directory, error);
  }
}

function cannotWrite(path: string, error: unknown): StashError {
  return new StashError('usage', `cannot write to ${path}: ${systemReason(error)}`);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw cannotWrite(path, error);
  }
}

function noDirectory(path: string): StashError {
  return new StashError('usage', `${path} is not a directory`, { hint: 'make it first, with mkdir -p' });
}
