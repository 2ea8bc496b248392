/** Runs the packaged plugin as users do: as a process that finds the server by its kubeconfig. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { dump, load } from 'js-yaml';

import type { Identity, Ran } from './ran.ts';

interface Kubeconfig {
  readonly contexts: { context: object }[];
  readonly users: { user: object }[];
}

export interface PackagedOptions {
  readonly identity?: Identity | undefined;
  readonly namespace?: string | undefined;
  readonly stdin?: string | undefined;
  /** Interrupts the plugin, as Ctrl-C does. */
  readonly signal?: AbortSignal | undefined;
}

export async function runPackaged(
  program: string,
  kubeconfig: string,
  argv: readonly string[],
  { identity, namespace, stdin, signal }: PackagedOptions,
): Promise<Ran> {
  const home = await mkdtemp(join(tmpdir(), 'stash-plugin-'));
  try {
    const own = join(home, 'config');
    await writeFile(own, await kubeconfigOf(kubeconfig, identity, namespace), { mode: 0o600 });
    const child = spawn(program, argv, {
      env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: own },
      stdio: 'pipe',
    });
    const interrupt = () => void child.kill('SIGINT');
    if (signal?.aborted === true) interrupt();
    signal?.addEventListener('abort', interrupt);
    // The plugin may end without reading all of its input.
    child.stdin.on('error', () => undefined).end(stdin ?? '');
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    signal?.removeEventListener('abort', interrupt);
    return { code: code ?? -1, stdout, stderr };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Writes the identity into a kubeconfig and not into flags, because hints would repeat flags. */
export async function kubeconfigOf(
  path: string,
  identity: Identity | undefined,
  namespace: string | undefined,
): Promise<string> {
  const kubeconfig = load(await readFile(path, 'utf8')) as Kubeconfig;
  if (namespace !== undefined)
    for (const entry of kubeconfig.contexts) entry.context = { ...entry.context, namespace };
  if (identity) {
    const as = { as: identity.as, 'as-groups': identity.asGroup ?? [] };
    for (const entry of kubeconfig.users) entry.user = { ...entry.user, ...as };
  }
  return dump(kubeconfig);
}
