/** The images that the node's registry serves: busybox, the pause container, and ours. */
import { execFile } from 'node:child_process';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { imageRepository } from '#src/api/operator.ts';
import { clientVersion } from '#src/cli/version.ts';

import { buildImage } from '../../../cmd/image/build-image.ts';
import { writeImage } from '../../../cmd/image/oci-layout.ts';
import { tar, type ArchiveFile } from '../../../cmd/package/archive.ts';
import { findBusybox, type Place } from './place.ts';

const run = promisify(execFile);

/** Keeps a pod's namespaces, and collects the processes that lose their parents there. */
export const pauseImage = 'registry.local/pause:1';
const busyboxImage = 'docker.io/library/busybox:latest';

/** Makes them below `directory`, as OCI layouts, where they are not there yet. */
export async function makeImages(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await buildImage(join(directory, 'ours'));
  const busybox = await busyboxFiles();
  const created = new Date(0);
  const common = { architecture: goArchitecture(), user: '0:0', labels: {}, created, tag: 'latest' };
  const rootFilesystem = await tar(busybox, created);
  await writeImage(join(directory, 'busybox'), { ...common, rootFilesystem, command: ['/bin/sh'] });
  const pause = 'trap "exit 0" INT TERM; while :; do sleep 86400 & wait $!; done';
  await writeImage(join(directory, 'pause'), {
    ...common,
    rootFilesystem,
    command: ['/bin/sh', '-c', pause],
  });
}

/** What `makeImages` made goes into the registry, which serves already; once for its directory. */
export async function pushImages(crane: string, place: Place): Promise<void> {
  const done = join(place.directory, 'images-pushed');
  if (await exists(done)) return;
  for (const [name, reference] of Object.entries({
    pause: pauseImage,
    busybox: busyboxImage,
    ours: `${imageRepository}:${clientVersion}`,
  })) {
    // The registry answers for every name: what it is called elsewhere does not matter to it.
    const path = reference.slice(reference.indexOf('/') + 1);
    await run(crane, ['push', join(place.layouts, name), `${place.registryAddress}/${path}`, '--insecure']);
  }
  await writeFile(done, '');
}

async function busyboxFiles(): Promise<ArchiveFile[]> {
  const path = await findBusybox();
  if (path === undefined) throw new Error('no static busybox on this machine');
  const { stdout } = await run(path, ['--list']);
  const link = (name: string): ArchiveFile => ({
    name: `bin/${name}`,
    content: Buffer.from('busybox'),
    mode: 0o777,
    type: 'symlink',
  });
  const directory = (name: string, mode: number): ArchiveFile => ({
    name,
    content: Buffer.alloc(0),
    mode,
    type: 'directory',
  });
  const users = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n';
  return [
    ...['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'var'].map((name) => directory(name, 0o755)),
    directory('tmp', 0o1777),
    { name: 'etc/passwd', content: Buffer.from(users), mode: 0o644 },
    { name: 'bin/busybox', content: await readFile(path), mode: 0o755 },
    ...stdout
      .split('\n')
      .filter((name) => name !== '' && name !== 'busybox')
      .map(link),
  ];
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
