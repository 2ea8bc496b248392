/** Copies files of this machine into an image, under the same paths. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { promisify } from 'node:util';

import type { ArchiveFile } from '../package/archive.ts';

const run = promisify(execFile);

/**
 * Resolves with the sorted paths of the shared libraries that the programs load, including the dynamic
 * loader.
 */
export async function neededLibraries(programs: readonly string[]): Promise<string[]> {
  const { stdout } = await run('ldd', [...programs]);
  const paths = [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
  return [...new Set(paths)].sort();
}

/**
 * Reads a file of this machine for an archive, under the same path. Rejects with node:fs' error if it cannot
 * be read.
 */
export async function fileOfThisMachine(path: string, mode: number): Promise<ArchiveFile> {
  return { name: path.slice(1), content: await readFile(path), mode };
}

/** Returns the directories that contain the files, outer ones first. */
export function directoriesOf(files: readonly ArchiveFile[]): ArchiveFile[] {
  const names = new Set<string>();
  for (const { name } of files) {
    for (let above = posix.dirname(name); above !== '.'; above = posix.dirname(above)) names.add(above);
  }
  return [...names]
    .sort()
    .map((name) => ({ name, content: Buffer.alloc(0), mode: 0o755, type: 'directory' as const }));
}
