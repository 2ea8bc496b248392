/** A developer's shell, with kubectl and this plugin. */
import { execFile, type ExecFileOptions } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

import { dump, load } from 'js-yaml';

import { ourProgram } from '#test/support/our-program.ts';

import { openPlace, type Place, type PlaceRights } from './place.ts';
import type { TestServer } from './server.ts';

interface Kubeconfig {
  readonly contexts: { context: object }[];
  readonly users: { user: object }[];
}

/**
 * Returns a function that runs shell commands in a namespace of their own, where `kubectl stash` is this
 * program and runs as the namespace's developer. It rejects if a command fails.
 */
export async function openTerminal(
  t: TestContext,
  server: TestServer,
  rights: PlaceRights,
): Promise<(command: string) => Promise<string>> {
  return openShell(t, server, await openPlace(t, server, rights));
}

/** Does the same in an existing namespace. Without a developer, the plugin runs as the kubeconfig's user. */
export async function openShell(
  t: TestContext,
  server: TestServer,
  { namespace, developer }: Pick<Place, 'namespace' | 'developer'>,
): Promise<(command: string) => Promise<string>> {
  const home = await mkdtemp(join(tmpdir(), 'stash-guide-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const env = await furnishHome(home, server.kubeconfig, { namespace, developer });
  return (command) => runInShell(command, { cwd: home, env });
}

/**
 * Writes into the directory what a user has at home, and resolves with the environment of their shell: `kubectl stash` is
 * this program, as the developer, or as the kubeconfig's user if there is none.
 */
export async function furnishHome(
  home: string,
  kubeconfigFile: string,
  { namespace, developer }: Pick<Place, 'namespace' | 'developer'>,
): Promise<NodeJS.ProcessEnv> {
  const kubeconfig = load(await readFile(kubeconfigFile, 'utf8')) as Kubeconfig;
  for (const entry of kubeconfig.contexts) entry.context = { ...entry.context, namespace };
  await writeFile(join(home, 'config'), dump(kubeconfig), { mode: 0o600 });
  const identity = developer && { as: developer.as, 'as-groups': developer.asGroup ?? [] };
  for (const entry of kubeconfig.users) entry.user = { ...entry.user, ...identity };
  await writeFile(join(home, 'developer'), dump(kubeconfig), { mode: 0o600 });
  const { argv } = await ourProgram();
  const plugin = [
    '#!/bin/sh',
    `export KUBECONFIG='${join(home, 'developer')}'`,
    `exec ${argv.map((word) => `'${word}'`).join(' ')} "$@"`,
    '',
  ].join('\n');
  await writeFile(join(home, 'kubectl-stash'), plugin, { mode: 0o755 });
  return {
    ...process.env,
    HOME: home,
    KUBECONFIG: join(home, 'config'),
    PATH: `${home}${delimiter}${process.env['PATH'] ?? ''}`,
  };
}

/** Resolves with what a command of bash prints on stdout. Rejects with all that it printed if it fails. */
export function runInShell(
  command: string,
  options: Pick<ExecFileOptions, 'cwd' | 'env' | 'signal'>,
): Promise<string> {
  return new Promise((done, fail) => {
    execFile('bash', ['-c', command], { ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error) fail(new Error(`$ ${command}\n${stdout}${stderr}`, { cause: error }));
      else done(stdout);
    });
  });
}
