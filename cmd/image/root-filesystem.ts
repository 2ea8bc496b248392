/** All files of the image: the program, the libraries that its loader asks for, and a name for its user. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { promisify } from 'node:util';

import type { ArchiveFile } from '../package/archive.ts';

const run = promisify(execFile);

/** Of the image; the Deployment that `install` writes has it too. */
export const user = 65532;

export const entrypoint = '/kubectl-stash';

/**
 * No certificates: Node brings those of the public authorities, and a cluster's own comes with the service account.
 * The libraries are this machine's, for a dynamically linked program of this platform.
 */
export async function rootFilesystem(
  program: string,
  licences: readonly ArchiveFile[],
): Promise<ArchiveFile[]> {
  const libraries = await Promise.all(
    (await neededLibraries(program)).map(async (path) => ({
      name: path.slice(1),
      content: await readFile(path),
      mode: 0o755,
    })),
  );
  const files: ArchiveFile[] = [
    { name: 'etc/passwd', content: Buffer.from(`stash:x:${user}:${user}::/:/sbin/nologin\n`), mode: 0o644 },
    { name: 'etc/group', content: Buffer.from(`stash:x:${user}:\n`), mode: 0o644 },
    ...libraries,
    ...licences,
    { name: entrypoint.slice(1), content: await readFile(program), mode: 0o755 },
  ];
  return [...directoriesOf(files), ...files];
}

/** Paths as the program's loader finds them, sorted; the loader itself is one of them. */
async function neededLibraries(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = '']) => path).sort();
}

function directoriesOf(files: readonly ArchiveFile[]): ArchiveFile[] {
  const names = new Set<string>();
  for (const { name } of files) {
    for (let above = posix.dirname(name); above !== '.'; above = posix.dirname(above)) names.add(above);
  }
  return [...names]
    .sort()
    .map((name) => ({ name, content: Buffer.alloc(0), mode: 0o755, type: 'directory' as const }));
}
