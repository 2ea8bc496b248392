/** Builds the program as one executable file for a platform. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { heapFlags } from '../heap-flags.ts';
import { compiledCode, entryAsset } from './assets.ts';
import { bundleLoader, type Chunks } from './chunks.ts';
import { withoutDebugInfo } from './elf.ts';
import { adHocSigned } from './mach-o-signature.ts';
import { nodeRuntime } from './node-runtime.ts';
import { withChecksum, withoutSignature } from './pe.ts';
import { hostPlatform, type Platform } from './platforms.ts';
import { nodeVersion } from './project.ts';

const run = promisify(execFile);

/**
 * Resolves with the executable. V8's code is specific to processor and system, so only this machine's
 * platform gets it.
 */
export async function buildExecutable(platform: Platform, chunks: Chunks): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'kubectl-stash-package-'));
  try {
    const [assets, work, home] = ['assets', 'work', 'home'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const loader = join(directory, 'loader.js');
    const output = join(directory, platform.program);
    for (const each of [assets, work]) await mkdir(each);
    await writeFile(loader, await bundleLoader());
    await writeAssets(assets, chunks, platform);
    await placeNode(home, platform, prepareNode(platform, await nodeRuntime(platform)));
    const args = [platform.name, nodeVersion, loader, assets, output];
    await run(process.execPath, [join(import.meta.dirname, 'inject.ts'), ...args], {
      env: { ...process.env, HOME: home, USERPROFILE: home, TMPDIR: work, TEMP: work },
    });
    return signProgram(platform, await readFile(output));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Writes the files that the loader reads from the binary. */
export async function writeAssets(
  directory: string,
  { chunks, entry }: Chunks,
  platform: Platform,
): Promise<void> {
  for (const { name, code } of chunks) await writeFile(join(directory, name), code, 'latin1');
  if (platform.name === hostPlatform()?.name) {
    const compiled = await mkdtemp(join(tmpdir(), 'kubectl-stash-compiled-'));
    try {
      const compiler = join(import.meta.dirname, 'compile.ts');
      // V8 takes the code only with the options that it was compiled with.
      const flags = ['--hash-seed=1', '--random-seed=1', ...heapFlags];
      await run(process.execPath, [...flags, compiler, directory, compiled]);
      for (const { name } of chunks)
        await writeFile(join(directory, compiledCode(name)), await readFile(join(compiled, name)));
    } finally {
      await rm(compiled, { recursive: true, force: true });
    }
  }
  await writeFile(join(directory, entryAsset), entry);
}

/**
 * Places Node where pkg would otherwise download it to. pkg does not open the archive once the program is
 * marked as present.
 */
async function placeNode(home: string, { os, target }: Platform, node: Buffer): Promise<void> {
  const name = `node-v${nodeVersion}-${{ linux: 'linux', darwin: 'darwin', windows: 'win' }[os]}-${target.arch}`;
  const cache = join(home, '.pkg-cache', 'sea');
  const program = join(cache, os === 'windows' ? `${name}.exe` : join(name, 'bin', 'node'));
  const archive = join(cache, `${name}.${os === 'windows' ? 'zip' : 'tar.gz'}`);
  await mkdir(dirname(program), { recursive: true });
  await writeFile(program, node);
  await chmod(program, 0o755);
  for (const marker of [archive, `${archive}.ok`, `${program}.ok`]) await writeFile(marker, '');
}

function prepareNode({ os }: Platform, node: Buffer): Buffer {
  switch (os) {
    case 'linux':
      return withoutDebugInfo(node);
    case 'windows':
      return withoutSignature(node);
    case 'darwin':
      return node;
  }
}

function signProgram({ os }: Platform, program: Buffer): Buffer {
  switch (os) {
    case 'linux':
      return program;
    case 'windows':
      return withChecksum(program);
    case 'darwin':
      return adHocSigned(program, 'kubectl-stash');
  }
}
