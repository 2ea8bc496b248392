/** The programs of a control plane: built once from their Go modules and kept in the user's cache. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, constants, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { sources, type GoModule, type Program } from './sources.ts';

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
  { node = false }: { readonly node?: boolean } = {},
): Promise<Programs> {
  const given = await assetsIn(env['KUBEBUILDER_ASSETS']);
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubectl-stash', 'cluster');
  const kubernetes = await build(sources.kubernetes, given, cache, say);
  const csi = await build(sources.csi, given, cache, say);
  const kubelet = node ? await build(sources.kubelet, given, cache, say) : undefined;
  const containerd = node ? await build(sources.containerd, given, cache, say) : undefined;
  return {
    path: {
      ...{ ...kubernetes.path, ...csi.path, ...kubelet?.path, ...containerd?.path, ...given },
    } as Record<Program, string>,
    snapshotDefinitions: join(csi.directory, 'snapshot-definitions'),
    csiProto: join(csi.directory, 'csi.proto'),
    registrationProto: kubelet && join(kubelet.directory, 'registration.proto'),
  };
}

async function assetsIn(directory: string | undefined): Promise<Partial<Record<Program, string>>> {
  if (directory === undefined || directory === '') return {};
  const found = await Promise.all(
    Object.values(sources)
      .flatMap(({ programs }) => Object.keys(programs))
      .map(async (name) => {
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
  source: GoModule,
  given: Partial<Record<Program, string>>,
  cache: string,
  say: (line: string) => void,
): Promise<{ directory: string; path: Partial<Record<Program, string>> }> {
  const wanted = Object.entries(source.programs).filter(([name]) => !(name in given));
  if (wanted.length === 0 && Object.keys(source.files).length === 0) return { directory: cache, path: {} };
  const key = await keyOf(
    source,
    wanted.map(([name]) => name),
  );
  const directory = join(cache, `${source.name}-${key}`);
  const path = Object.fromEntries(wanted.map(([name]) => [name, join(directory, name)]));
  if (await exists(directory)) return { directory, path };
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'unfinished-'));
  try {
    for (const [name, main] of wanted) {
      const began = performance.now();
      say(`building ${name} (once; kept in ${cache})`);
      await goBuild(source, main, join(work, name));
      say(`built ${name} in ${Math.round((performance.now() - began) / 1000)} s`);
    }
    for (const [name, { module, path: inside }] of Object.entries(source.files)) {
      const { stdout } = await go(source, ['mod', 'download', '-json', module]);
      const { Dir } = JSON.parse(stdout) as { Dir: string };
      await cp(join(Dir, inside), join(work, name), { recursive: true });
      // Go's module files are read-only; make the directory removable.
      await chmod(join(work, name), 0o755);
    }
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
async function keyOf(source: GoModule, programs: readonly string[]): Promise<string> {
  const version = await go(source, ['env', 'GOVERSION', 'GOOS', 'GOARCH']).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT'))
      throw new Missing(`Go, to build ${programs.join(', ')} (https://go.dev/dl)`);
    throw error;
  });
  const hash = createHash('sha256').update(version.stdout);
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(source.directory, file)));
  hash.update(JSON.stringify([programs, source.stamps, source.files]));
  return hash.digest('hex').slice(0, 16);
}

function go(source: GoModule, args: readonly string[]): Promise<{ stdout: string }> {
  return run('go', args, { cwd: source.directory, maxBuffer: 1 << 24 });
}

async function goBuild(source: GoModule, main: string, output: string): Promise<void> {
  const flags = ['-s', '-w', ...Object.entries(source.stamps).map(([name, value]) => `-X ${name}=${value}`)];
  const child = spawn('go', ['build', '-ldflags', flags.join(' '), '-o', output, main], {
    cwd: source.directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`go build ${main} failed:\n${words.slice(-4000)}`);
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
