/** Files of this machine that an image takes over, at the paths that they have here. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { promisify } from 'node:util';

import type { ArchiveFile } from '../package/archive.ts';

const run = promisify(execFile);

/**
 * Paths as the loaders of the programs and shared objects find them, sorted, each once; the loader itself is one of them.
 */
export async function neededLibraries(programs: readonly string[]): Promise<string[]> {
  const { stdout } = await run('ldd', [...programs]);
  const paths = [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
  return [...new Set(paths)].sort();
}

export async function fileOfThisMachine(path: string, mode: number): Promise<ArchiveFile> {
  return { name: path.slice(1), content: await readFile(path), mode };
}

/** Those that the files are in, outer ones first. */
export function directoriesOf(files: readonly ArchiveFile[]): ArchiveFile[] {
  const names = new Set<string>();
  for (const { name } of files) {
    for (let above = posix.dirname(name); above !== '.'; above = posix.dirname(above)) names.add(above);
  }
  return [...names]
    .sort()
    .map((name) => ({ name, content: Buffer.alloc(0), mode: 0o755, type: 'directory' as const }));
}
