/**
 * Gets Node for a platform from npm: this platform's was installed by `npm ci`; others are downloaded and
 * cached outside the repository.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { project } from './project.ts';
import { hostPlatform, type Platform } from './platforms.ts';
import { fileInTarGz } from './archive.ts';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly integrity?: string } | undefined>
  >;
}

/** @throws Error if npm does not provide it, or if its checksum differs from the lock file */
export async function nodeRuntime(platform: Platform): Promise<Buffer> {
  const { package: name, path } = platform.node;
  if (platform.name === hostPlatform()?.name) return readFile(join(project, 'node_modules', name, path));
  const { version, integrity } = await locked(name);
  const kept = join(cacheDirectory(), `${name}-${version}.tgz`);
  const archive = await readFile(kept).catch(() => undefined);
  if (archive !== undefined && matches(archive, integrity)) return fromPackage(archive, path, kept);
  const fetched = await fetchPackage(`${name}@${version}`, kept);
  if (!matches(fetched, integrity)) throw new Error(`${name}@${version} does not match package-lock.json`);
  return fromPackage(fetched, path, kept);
}

async function locked(name: string): Promise<{ version: string; integrity: string }> {
  const { packages } = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8')) as Lock;
  const entry = packages[`node_modules/${name}`];
  if (entry?.integrity === undefined) throw new Error(`package-lock.json has no ${name}`);
  return { version: entry.version, integrity: entry.integrity };
}

function matches(archive: Buffer, integrity: string): boolean {
  return `sha512-${createHash('sha512').update(archive).digest('base64')}` === integrity;
}

/** Downloads the archive and moves it to `kept` atomically. */
async function fetchPackage(what: string, kept: string): Promise<Buffer> {
  await mkdir(cacheDirectory(), { recursive: true });
  const directory = await mkdtemp(join(cacheDirectory(), 'fetch-'));
  try {
    const { stdout } = await promisify(execFile)(
      'npm',
      ['pack', what, '--silent', '--pack-destination', directory],
      { cwd: directory },
    );
    const archive = await readFile(join(directory, stdout.trim()));
    await writeFile(join(directory, 'whole'), archive);
    await rename(join(directory, 'whole'), kept);
    return archive;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fromPackage(archive: Buffer, path: string, name: string): Promise<Buffer> {
  const program = await fileInTarGz(archive, `package/${path}`);
  if (program === undefined) throw new Error(`${name} has no ${path}`);
  return program;
}

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubectl-stash', 'node');
}
