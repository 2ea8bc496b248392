/**
 * The images in the node's registry: busybox, the pause container, ours, and PostgreSQL if it is installed.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { imageRepository } from '#src/api/operator.ts';
import { clientVersion } from '#src/cli/version.ts';

import { buildImage } from '../../../cmd/image/build-image.ts';
import { writeImage, type Image } from '../../../cmd/image/oci-layout.ts';
import { tar } from '../../../cmd/package/archive.ts';
import { busyboxFiles, users } from './busybox-files.ts';
import type { Place } from './place.ts';
import { postgresEntrypoint, postgresFiles, postgresImage, whyNoPostgres } from './postgres-files.ts';

const run = promisify(execFile);

/** Holds a pod's namespaces, and reaps orphaned processes in them. */
export const pauseImage = 'registry.local/pause:1';

/** Image references in pods, by layout directory. */
const references = {
  pause: pauseImage,
  busybox: 'docker.io/library/busybox:latest',
  ours: `${imageRepository}:${clientVersion}`,
  postgres: postgresImage,
};

/** Builds the images below `directory`, as OCI layouts. */
export async function makeImages(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await buildImage(join(directory, 'ours'));
  const created = new Date(0);
  const common = { architecture: goArchitecture(), user: '0:0', labels: {}, created, tag: 'latest' };
  const write = (name: keyof typeof references, image: Pick<Image, 'rootFilesystem' | 'command'>) =>
    writeImage(join(directory, name), { ...common, ...image });
  const rootFilesystem = await tar([...(await busyboxFiles()), users()], created);
  await write('busybox', { rootFilesystem, command: ['/bin/sh'] });
  const pause = 'trap "exit 0" INT TERM; while :; do sleep 86400 & wait $!; done';
  await write('pause', { rootFilesystem, command: ['/bin/sh', '-c', pause] });
  if ((await whyNoPostgres()) === undefined) {
    await writeImage(join(directory, 'postgres'), {
      ...common,
      rootFilesystem: await tar(await postgresFiles(), created),
      entrypoint: postgresEntrypoint,
      command: ['postgres'],
      // SIGINT closes the clients' connections; SIGTERM would wait for them.
      stopSignal: 'SIGINT',
      compression: 'none',
    });
  }
}

/** Resolves with the references of the images that `makeImages` built below `layouts`. */
export async function madeImages(layouts: string): Promise<string[]> {
  const names = await readdir(layouts);
  return Object.entries(references)
    .filter(([name]) => names.includes(name))
    .map(([, reference]) => reference);
}

/** Pushes the images of `makeImages` to the running registry; once per directory. */
export async function pushImages(crane: string, place: Place): Promise<void> {
  const done = join(place.directory, 'images-pushed');
  if (await exists(done)) return;
  for (const [name, reference] of Object.entries(references)) {
    if (!(await exists(join(place.layouts, name)))) continue;
    // The registry ignores the host name in a reference.
    const path = reference.slice(reference.indexOf('/') + 1);
    await run(crane, ['push', join(place.layouts, name), `${place.registryAddress}/${path}`, '--insecure']);
  }
  await writeFile(done, '');
}

function goArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
