/** Reads kubeconfig files as kubectl does: parses them, merges them and makes their paths absolute. */
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { YAMLException } from 'js-yaml';

import { StashError } from '#src/errors.ts';

import {
  clusterFields,
  contextFields,
  isRecord,
  readFields,
  topFields,
  userFields,
} from './kubeconfig-fields.ts';
import { readYaml } from './yaml.ts';

/** Keys as in the file; unknown keys are kept. */
export interface ClusterEntry extends Readonly<Record<string, unknown>> {
  readonly server?: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'proxy-url'?: string;
  readonly 'disable-compression'?: boolean;
  readonly extensions?: readonly unknown[];
}

export interface UserEntry extends Readonly<Record<string, unknown>> {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly 'auth-provider'?: { readonly name?: string; readonly config?: Readonly<Record<string, unknown>> };
  readonly exec?: ExecEntry;
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: readonly string[];
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>;
}

export interface ExecEntry extends Readonly<Record<string, unknown>> {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name?: string; readonly value?: string }[];
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: string;
}

export interface ContextEntry {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

export interface Kubeconfig {
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
}

const clusterPaths = ['certificate-authority'];
const userPaths = ['client-certificate', 'client-key', 'tokenFile'];

/**
 * @throws StashError `precondition` if the text is not a kubeconfig. The message does not quote the text,
 * which contains secrets.
 */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  const document = firstDocument(text, path) ?? {};
  const refuse = (why: string) => unreadable(path, why);
  if (!isRecord(document)) throw refuse('it is not a kubeconfig');
  const file = readFields(document, topFields, '', refuse);
  if ((file['kind'] ?? 'Config') !== 'Config' || (file['apiVersion'] ?? 'v1') !== 'v1')
    throw refuse('it is not a Config of v1');
  // Plugins and files are found from there, wherever this program runs.
  const directory = dirname(resolve(path));
  const { 'current-context': currentContext, clusters, users, contexts } = file;
  return {
    currentContext: currentContext as string | undefined,
    clusters: entries(clusters, 'cluster', clusterFields, refuse, (entry) =>
      absolutePaths(entry, clusterPaths, directory),
    ),
    users: entries(users, 'user', userFields, refuse, (entry) =>
      absoluteCommand(absolutePaths(entry, userPaths, directory), directory),
    ),
    contexts: entries(contexts, 'context', contextFields, refuse, (entry) => entry),
  };
}

/** If two files define the same name, the first file wins, as with kubectl. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const reversed = configs.toReversed();
  return {
    currentContext: configs.find((config) => config.currentContext !== undefined)?.currentContext,
    clusters: new Map(reversed.flatMap((config) => [...config.clusters])),
    users: new Map(reversed.flatMap((config) => [...config.users])),
    contexts: new Map(reversed.flatMap((config) => [...config.contexts])),
  };
}

function firstDocument(text: string, path: string): unknown {
  try {
    // An empty file contains no document and is valid.
    return readYaml(text)[0];
  } catch (error) {
    const line = error instanceof YAMLException && error.mark ? ` (line ${error.mark.line + 1})` : '';
    throw unreadable(path, `it is not valid YAML${line}`);
  }
}

/** Returns the error for a kubeconfig that cannot be used. */
export function unreadable(path: string, why: string): StashError {
  return new StashError('precondition', `cannot read the kubeconfig ${path}: ${why}`, {
    hint: 'specify another file with --kubeconfig FILE',
  });
}

function entries<T>(
  list: unknown,
  key: string,
  fields: Parameters<typeof readFields>[1],
  refuse: (why: string) => Error,
  finish: (entry: Record<string, unknown>) => T,
): Map<string, T> {
  const result = new Map<string, T>();
  for (const item of Array.isArray(list) ? (list as unknown[]) : []) {
    if (!isRecord(item) || typeof item['name'] !== 'string') throw refuse(`a ${key} has no name`);
    const { name, [key]: entry } = item;
    if (result.has(name)) throw refuse(`it has two ${key}s named "${name}"`);
    const given = isRecord(entry) ? entry : {};
    result.set(name, finish(readFields(given, fields, `${key} "${name}": `, refuse)));
  }
  return result;
}

function absolutePaths(
  entry: Record<string, unknown>,
  keys: readonly string[],
  directory: string,
): Record<string, unknown> {
  const result = { ...entry };
  for (const key of keys) {
    const path = entry[key];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) result[key] = join(directory, path);
  }
  return result;
}

/**
 * Resolves a plugin's command against the file's directory if it contains a slash; other commands are looked
 * up in PATH.
 */
function absoluteCommand(entry: Record<string, unknown>, directory: string): Record<string, unknown> {
  const exec = entry['exec'];
  if (!isRecord(exec) || typeof exec['command'] !== 'string') return entry;
  const command = exec['command'];
  if (!/[/\\]/.test(command) || isAbsolute(command)) return entry;
  return { ...entry, exec: { ...exec, command: join(directory, command) } };
}
