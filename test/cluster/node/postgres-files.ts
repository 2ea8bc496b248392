/**
 * PostgreSQL for an image, from Debian's packages on this machine. `postgres-entrypoint.sh` starts it as
 * docker.io/library/postgres does, so that the guide for databases works with either image.
 */
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { directoriesOf, fileOfThisMachine, neededLibraries } from '../../../cmd/image/machine-files.ts';
import type { ArchiveFile } from '../../../cmd/package/archive.ts';
import { busyboxFiles, directory, link, users } from './busybox-files.ts';

const version = 15;
export const postgresImage = `docker.io/library/postgres:${version}`;
export const postgresEntrypoint = '/usr/local/bin/docker-entrypoint.sh';

const programs = `/usr/lib/postgresql/${version}/bin`;
const modules = `/usr/lib/postgresql/${version}/lib`;
const shared = `/usr/share/postgresql/${version}`;
const wantedPrograms = [
  ...['initdb', 'pg_amcheck', 'pg_controldata', 'pg_ctl', 'pg_isready', 'pgbench', 'postgres', 'psql'],
];
/** Modules that initdb and pg_amcheck need. */
const wantedModules = ['plpgsql', 'dict_snowball', 'amcheck'];
/** UID of docker.io/library/postgres. */
const user = 999;

/** Resolves with what the machine lacks for tests with this image, or undefined if nothing is missing. */
export async function whyNoPostgres(): Promise<string | undefined> {
  try {
    for (const name of wantedPrograms) await access(join(programs, name));
    return undefined;
  } catch {
    return `they need PostgreSQL ${version} (Debian: postgresql-${version})`;
  }
}

export async function postgresFiles(): Promise<ArchiveFile[]> {
  const binaries = [
    ...wantedPrograms.map((name) => join(programs, name)),
    ...wantedModules.map((name) => join(modules, `${name}.so`)),
  ];
  const paths = [...binaries, ...(await neededLibraries(binaries))];
  const files = [
    ...(await Promise.all(paths.map((path) => fileOfThisMachine(path, 0o755)))),
    ...(await sharedFiles()),
    ...wantedPrograms.map((name) => link(`usr/local/bin/${name}`, join(programs, name))),
    {
      name: postgresEntrypoint.slice(1),
      content: await readFile(join(import.meta.dirname, 'postgres-entrypoint.sh')),
      mode: 0o755,
    },
  ];
  return [
    ...(await busyboxFiles()),
    users(`postgres:x:${user}:${user}::/var/lib/postgresql:/bin/sh`),
    { name: 'etc/group', content: Buffer.from(`root:x:0:\npostgres:x:${user}:\n`), mode: 0o644 },
    ...directoriesOf(files).filter(({ name }) => !['bin', 'var'].includes(name)),
    ...['var/lib', 'var/lib/postgresql', 'var/lib/postgresql/data', 'var/run'].map((name) => directory(name)),
    // The entry point runs as root, the server as its own user.
    directory('var/run/postgresql', 0o1777),
    ...files,
  ];
}

/** Resolves with all shared files except for the manuals. */
async function sharedFiles(): Promise<ArchiveFile[]> {
  const entries = await readdir(shared, { withFileTypes: true, recursive: true });
  const wanted = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(shared, 'man')))
    .sort();
  return Promise.all(wanted.map((path) => fileOfThisMachine(path, 0o644)));
}
