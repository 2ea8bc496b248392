/** Reads kubeconfig files as kubectl does: parses them, merges them and makes their paths absolute. */
import { dirname, isAbsolute, join } from 'node:path';

import { loadAll, YAMLException } from 'js-yaml';

import { StashError } from '#src/errors.ts';

/** Keys as in the file; unknown keys are kept. */
export interface ClusterEntry extends Readonly<Record<string, unknown>> {
  readonly server?: string;
  readonly 'proxy-url'?: string;
}

export interface UserEntry extends Readonly<Record<string, unknown>> {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly exec?: ExecEntry;
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: readonly string[];
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>;
}

export interface ExecEntry extends Readonly<Record<string, unknown>> {
  readonly command?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
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
  const file = readYaml(text, path) ?? {};
  if (!isRecord(file)) throw unreadable(path, 'it is not a kubeconfig');
  const directory = dirname(path);
  const currentContext = file['current-context'];
  return {
    currentContext: typeof currentContext === 'string' && currentContext !== '' ? currentContext : undefined,
    clusters: entries(file['clusters'], 'cluster', (entry) => absolutePaths(entry, clusterPaths, directory)),
    users: entries(file['users'], 'user', (entry) =>
      absoluteCommand(absolutePaths(entry, userPaths, directory), directory),
    ),
    contexts: entries(file['contexts'], 'context', (entry) => entry),
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

function readYaml(text: string, path: string): unknown {
  try {
    // An empty file contains no document and is valid.
    return loadAll(text)[0];
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
  finish: (entry: Record<string, unknown>) => T,
): Map<string, T> {
  const result = new Map<string, T>();
  for (const item of Array.isArray(list) ? (list as unknown[]) : []) {
    if (!isRecord(item) || typeof item['name'] !== 'string' || result.has(item['name'])) continue;
    const entry = item[key];
    result.set(item['name'], finish(isRecord(entry) ? entry : {}));
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
