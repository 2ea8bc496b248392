/** Builds the image of the operator and its Jobs, for this machine's platform. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { tar } from '../package/archive.ts';
import { bundledPackages } from '../package/bill-of-materials.ts';
import { bundleChunks } from '../package/chunks.ts';
import { buildExecutable } from '../package/executable.ts';
import { thirdPartyLicences } from '../package/licences.ts';
import { hostPlatform } from '../package/platforms.ts';
import { commitTime, project, version } from '../package/project.ts';
import { program } from '../package/release.ts';
import { writeImage } from './oci-layout.ts';
import { entrypoint, labels, rootFilesystem, user } from './root-filesystem.ts';

/**
 * Writes the image as an OCI directory, and beside it, as `<directory>.tar`, its root filesystem, which the Containerfile
 * takes. Resolves with the digest.
 * @throws Error on a system whose libraries no Linux image can use
 */
export async function buildImage(directory: string): Promise<string> {
  const platform = hostPlatform();
  if (platform?.os !== 'linux')
    throw new Error('the image contains libraries of the build machine: build it on Linux');
  const chunks = await bundleChunks(program);
  const packages = await bundledPackages(chunks.metafile);
  const licences = [
    { name: 'LICENSE', content: await readFile(join(project, 'LICENSE')), mode: 0o644 },
    { name: 'LICENSE-THIRD-PARTY', content: Buffer.from(await thirdPartyLicences(packages)), mode: 0o644 },
  ];
  const work = await mkdtemp(join(tmpdir(), 'kubectl-stash-image-'));
  try {
    const executable = join(work, platform.program);
    await writeFile(executable, await buildExecutable(platform, chunks), { mode: 0o755 });
    const created = await commitTime();
    const root = await tar(await rootFilesystem(executable, licences), created);
    await mkdir(dirname(directory), { recursive: true });
    await writeFile(`${resolve(directory)}.tar`, root);
    return await writeImage(directory, {
      architecture: platform.arch,
      rootFilesystem: root,
      user: `${user}:${user}`,
      entrypoint,
      labels: { ...labels, 'org.opencontainers.image.version': version },
      created,
      tag: version,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
