/** The programs of a control plane: built once with Go and kept in the user's cache. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, constants, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { controlPlane, node, tools, type Part, type Program, type Tool } from './sources.ts';

export interface Programs {
  readonly path: Readonly<Record<Program, string>>;
  /** Directory of the CustomResourceDefinitions of `snapshot.storage.k8s.io`. */
  readonly snapshotDefinitions: string;
  readonly csiProto: string;
  /** The proto of the kubelet's registration API; undefined unless a node's programs were requested. */
  readonly registrationProto: string | undefined;
}

/** The machine lacks what it takes to start a control plane; the message says what. */
export class Missing extends Error {}

const run = promisify(execFile);

/**
 * Takes programs from `KUBEBUILDER_ASSETS` if they are there, and builds the others. The first build takes
 * minutes; `say` receives its progress. `node`: include the programs of a real node.
 * Rejects with Missing if Go is needed and not installed.
 */
export async function findPrograms(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
  { node: withNode = false }: { readonly node?: boolean } = {},
): Promise<Programs> {
  const given = await assetsIn(env['KUBEBUILDER_ASSETS']);
  const cache = cacheIn(env);
  const always = await build(controlPlane, given, cache, say);
  const ofNode = withNode ? await build(node, given, cache, say) : undefined;
  return {
    path: { ...always.path, ...ofNode?.path, ...given } as Record<Program, string>,
    snapshotDefinitions: join(always.directory, 'snapshot-definitions'),
    csiProto: join(always.directory, 'csi.proto'),
    registrationProto: ofNode && join(ofNode.directory, 'registration.proto'),
  };
}

/**
 * Builds the tools unless the cache has them, and resolves with their paths.
 * Rejects with Missing if Go is needed and not installed.
 */
export async function findTools(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<Readonly<Record<Tool, string>>> {
  const { path } = await build(tools, {}, cacheIn(env), say);
  return path as Record<Tool, string>;
}

function cacheIn(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubectl-stash', 'cluster');
}

async function assetsIn(directory: string | undefined): Promise<Partial<Record<Program, string>>> {
  if (directory === undefined || directory === '') return {};
  const found = await Promise.all(
    Object.keys({ ...controlPlane.programs, ...node.programs }).map(async (name) => {
      const path = join(directory, name);
      const usable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      return usable ? [[name, path] as const] : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

/** Adds a directory to the cache by one atomic rename. */
async function build(
  part: Part,
  given: Partial<Record<Program, string>>,
  cache: string,
  say: (line: string) => void,
): Promise<{ directory: string; path: Partial<Record<Program, string>> }> {
  const wanted = Object.fromEntries(Object.entries(part.programs).filter(([name]) => !(name in given)));
  const names = Object.keys(wanted);
  const directory = join(cache, `${part.name}-${await keyOf(part, names)}`);
  const path = Object.fromEntries(names.map((name) => [name, join(directory, name)]));
  if (await exists(directory)) return { directory, path };
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'unfinished-'));
  try {
    const began = performance.now();
    say(`building ${names.join(', ')} (once; kept in ${cache})`);
    await goBuild(part, wanted, work);
    for (const [name, { module, path: inside }] of Object.entries(part.files)) {
      const { stdout } = await go(part.module, ['mod', 'download', '-json', module]);
      const { Dir } = JSON.parse(stdout) as { Dir: string };
      await cp(join(Dir, inside), join(work, name), { recursive: true });
      // Go's module files are read-only; make the directory removable.
      await chmod(join(work, name), 0o755);
    }
    say(`built them in ${Math.round((performance.now() - began) / 1000)} s`);
    await rename(work, directory);
  } catch (error) {
    // A concurrent run has built it first.
    if (!(await exists(directory))) throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { directory, path };
}

/** Resolves with a short hash of everything that the build depends on. */
async function keyOf(part: Part, programs: readonly string[]): Promise<string> {
  const version = await go(part.module, ['env', 'GOVERSION', 'GOOS', 'GOARCH']).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT'))
      throw new Missing(`Go, to build ${programs.join(', ')} (https://go.dev/dl)`);
    throw error;
  });
  const hash = createHash('sha256').update(version.stdout);
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(part.module, file)));
  hash.update(JSON.stringify([programs, part.stamps, part.files]));
  return hash.digest('hex').slice(0, 16);
}

function go(module: string, args: readonly string[]): Promise<{ stdout: string }> {
  return run('go', args, { cwd: module, maxBuffer: 1 << 24 });
}

/** Builds all programs at once: Go compiles some while it links others. */
async function goBuild(
  { module, stamps }: Part,
  programs: Readonly<Record<string, string>>,
  output: string,
): Promise<void> {
  const packages = Object.values(programs);
  if (packages.length === 0) return;
  const flags = ['-s', '-w', ...Object.entries(stamps).map(([name, value]) => `-X ${name}=${value}`)];
  const child = spawn('go', ['build', '-ldflags', flags.join(' '), '-o', `${output}/`, ...packages], {
    cwd: module,
    // As the kubectl of `test/kubectl/provide.sh`, with which these share what is compiled.
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`go build failed:\n${words.slice(-4000)}`);
  for (const [name, main] of Object.entries(programs)) {
    const built = join(output, nameOfBinary(main));
    if (built !== join(output, name)) await rename(built, join(output, name));
  }
}

/** Returns the name that Go gives a binary: the last element of the package's path that is no major version. */
function nameOfBinary(main: string): string {
  return basename(main.replace(/\/v[0-9]+$/, ''));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
