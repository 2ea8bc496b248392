/**
 * All files of the image: the program, its shared libraries, their licences, and a passwd entry for its user.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { ArchiveFile } from '../package/archive.ts';
import { directoriesOf, fileOfThisMachine, neededLibraries } from './machine-files.ts';

const run = promisify(execFile);

/** UID of the image's user; the Deployment that `install` writes sets it too. */
export const user = 65532;

export const entrypoint = '/kubectl-stash';

/** What is said of every version. */
export const labels = {
  'org.opencontainers.image.title': 'kubectl-stash',
  'org.opencontainers.image.description': 'Operator that snapshots and restores what runs on Kubernetes',
  'org.opencontainers.image.licenses': 'Apache-2.0',
};

/**
 * Resolves with the root file system as a tar archive. The libraries are this machine's, for a dynamically
 * linked program.
 * It contains no certificates: Node includes those of the public authorities, and the service account
 * provides the cluster's.
 */
export async function rootFilesystem(
  program: string,
  licences: readonly ArchiveFile[],
): Promise<ArchiveFile[]> {
  const needed = await neededLibraries([program]);
  const libraries = needed.map((path) => fileOfThisMachine(path, 0o755));
  const texts = (await copyrightsOf(needed)).map((path) => fileOfThisMachine(path, 0o644));
  const files: ArchiveFile[] = [
    { name: 'etc/passwd', content: Buffer.from(`stash:x:${user}:${user}::/:/sbin/nologin\n`), mode: 0o644 },
    { name: 'etc/group', content: Buffer.from(`stash:x:${user}:\n`), mode: 0o644 },
    ...(await Promise.all(libraries)),
    ...(await Promise.all(texts)),
    ...licences,
    { name: entrypoint.slice(1), content: await readFile(program), mode: 0o755 },
  ];
  return [...directoriesOf(files), ...files];
}

/**
 * Resolves with the sorted paths of the Debian copyright files for the libraries' packages; empty on a
 * machine without dpkg.
 */
async function copyrightsOf(libraries: readonly string[]): Promise<string[]> {
  // dpkg knows a file only by the path in its package, with or without /usr, and fails for the other path.
  const paths = libraries.flatMap((path) => [path, `/usr${path}`]);
  const { stdout } = await run('dpkg-query', ['--search', ...paths]).catch((error: unknown) => ({
    stdout: (error as { readonly stdout?: string }).stdout ?? '',
  }));
  const packages = [...stdout.matchAll(/^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?: \//gm)].map(
    ([, name]) => name,
  );
  return [...new Set(packages)].sort().map((name) => `/usr/share/doc/${name ?? ''}/copyright`);
}
