/** Splits the program for the binary: one chunk of code per command, and chunks that they share. */
import { basename, join } from 'node:path';

import { build, transform, type Metafile } from 'esbuild';

import { leaveOut } from '../bundle.ts';
import { latePackages, loadLate } from './load-late.ts';
import { project } from './project.ts';

export interface Chunk {
  /** Name by which other chunks load it, without `./`. */
  readonly name: string;
  /** ASCII source of a function of (exports, require, module, importMetaUrl). */
  readonly code: string;
}

export interface Chunks {
  readonly chunks: readonly Chunk[];
  /** The chunk that runs first. */
  readonly entry: string;
  readonly metafile: Metafile;
}

const minified = { minifyWhitespace: true, minifySyntax: true } as const;

/**
 * Resolves with the program's chunks. esbuild splits only ES modules, and the binary's loader supports only
 * CommonJS, so each chunk is converted.
 */
export async function bundleChunks(program: string): Promise<Chunks> {
  const entry = basename(program, '.ts');
  const { outputFiles, metafile } = await build({
    ...minified,
    absWorkingDir: project,
    entryPoints: { [entry]: program, ...Object.fromEntries(latePackages.map((name) => [name, name])) },
    outdir: 'dist/chunks',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    plugins: [leaveOut, loadLate],
    define: { 'import.meta.url': 'importMetaUrl' },
    logLevel: 'warning',
  });
  const chunks = outputFiles.map(async ({ path, text }) => ({
    name: basename(path),
    code: await asFunction(text),
  }));
  return { chunks: await Promise.all(chunks), entry: `${entry}.js`, metafile };
}

async function asFunction(module: string): Promise<string> {
  const { code } = await transform(module.replace(/^#!.*\n/, ''), {
    ...minified,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    supported: { 'dynamic-import': false },
  });
  return `(function(exports,require,module,importMetaUrl){${code}})`;
}

/** Resolves with the source of the loader that starts the program. */
export async function bundleLoader(): Promise<string> {
  const { outputFiles } = await build({
    ...minified,
    absWorkingDir: project,
    entryPoints: [join('cmd', 'package', 'loader.ts')],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    logLevel: 'warning',
  });
  const [{ text } = { text: '' }] = outputFiles;
  return text;
}
