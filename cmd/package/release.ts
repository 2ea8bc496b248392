/** Builds the files of a release in `dist/release/`. */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { gzip, tar, zip, type ArchiveFile } from './archive.ts';
import { billOfMaterials, bundledPackages } from './bill-of-materials.ts';
import { bundleChunks } from './chunks.ts';
import { buildExecutable } from './executable.ts';
import { thirdPartyLicences } from './licences.ts';
import { filledManifest, manifestFile, readManifest } from './manifest.ts';
import type { Platform } from './platforms.ts';
import { commitTime, project } from './project.ts';

export const program = 'cmd/kubectl-stash.ts';

/** kubectl runs this program from PATH for completion. */
const completion = 'kubectl_complete-stash';

export interface ReleaseOptions {
  readonly platforms: readonly Platform[];
  readonly directory: string;
  /** Further files, by their name. checksums.txt lists them, too. */
  readonly others?: ReadonlyMap<string, Buffer>;
  readonly say: (line: string) => void;
}

/** Replaces the directory's contents. The same commit gives the same bytes. */
export async function buildRelease({
  platforms,
  directory,
  others = new Map(),
  say,
}: ReleaseOptions): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const time = await commitTime();
  const chunks = await bundleChunks(program);
  const packages = await bundledPackages(chunks.metafile);
  const beside = await filesNextToProgram(await thirdPartyLicences(packages));
  const written = new Map<string, Buffer>();
  for (const platform of platforms) {
    const content = await buildExecutable(platform, chunks);
    const files = [{ name: platform.program, content, mode: 0o755 }, ...beside(platform)];
    const archive = platform.os === 'windows' ? zip(files) : await gzip(await tar(files, time));
    written.set(platform.archive, archive);
    await writeFile(join(directory, platform.archive), archive);
    say(
      `${platform.archive}: ${(archive.length / 1e6).toFixed(1)} MB, of ${(content.length / 1e6).toFixed(1)} MB`,
    );
  }
  const archives = new Map([...written].map(([name, content]) => [name, sha256(content)]));
  written.set('kubectl-stash.cdx.json', Buffer.from(billOfMaterials(packages, time)));
  written.set(manifestFile, Buffer.from(filledManifest(await readManifest(), archives)));
  for (const [name, content] of others) written.set(name, content);
  const checksums = [...written].map(([name, content]) => `${sha256(content)}  ${name}\n`);
  written.set('checksums.txt', Buffer.from(checksums.join('')));
  for (const [name, content] of written) await writeFile(join(directory, name), content);
}

async function filesNextToProgram(licences: string): Promise<(platform: Platform) => ArchiveFile[]> {
  const source = join(project, 'cmd', completion);
  const script = (await exists(source)) ? await readFile(source) : undefined;
  const texts = [
    { name: 'LICENSE', content: await readFile(join(project, 'LICENSE')), mode: 0o644 },
    { name: 'LICENSE-THIRD-PARTY', content: Buffer.from(licences), mode: 0o644 },
  ];
  // A shell script, which is of no use on Windows.
  return ({ os }) =>
    script && os !== 'windows' ? [{ name: completion, content: script, mode: 0o755 }, ...texts] : texts;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Returns the SHA-256 of the content, in hex. */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
