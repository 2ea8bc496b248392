/**
 * Runs the credential plugin of a user, as kubectl does. client-node runs it too, but swallows what it says and keeps
 * stdin from it (https://github.com/kubernetes-client/javascript/issues/2044), and tells it nothing of the cluster.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';

import type { Environment } from './find-kubeconfig.ts';
import type { ClusterEntry, ExecEntry } from './kubeconfig.ts';
import { isRecord } from './kubeconfig-fields.ts';
import type { Settings } from './settings.ts';
import { orTellSlow, slowAnswerMs } from './slow-answer.ts';
import { readYaml } from './yaml.ts';

export interface PluginCredential {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  /** In milliseconds since 1970; undefined if it does not expire. */
  readonly expires?: number | undefined;
}

export interface PluginOptions {
  readonly env: Environment;
  /** Whether this process has a terminal at which a user can answer the plugin. */
  readonly stdinIsTerminal: boolean;
  readonly clock: Clock;
  /** Gets one line where the plugin takes long, unless a user may be answering it. */
  readonly warn?: ((words: string) => void) | undefined;
}

/**
 * Ends the plugin once `signal` aborts.
 * @throws StashError if the plugin cannot be run, fails, or prints no ExecCredential. Never quotes its stdout, which may contain tokens.
 */
export async function runPlugin(
  exec: ExecEntry,
  settings: Settings,
  { env, stdinIsTerminal, clock, warn, signal }: PluginOptions & { readonly signal: AbortSignal },
): Promise<PluginCredential> {
  const { command = '', args = [], interactiveMode } = exec;
  const plugin = `credential plugin "${command}" of user "${settings.userName}"`;
  if (interactiveMode === 'Always' && !stdinIsTerminal) {
    throw new StashError('precondition', `${plugin} asks questions, and standard input is not a terminal`, {
      hint: 'run the command in a terminal, or log in with another user of the kubeconfig: --user NAME',
    });
  }
  const interactive = stdinIsTerminal && interactiveMode !== 'Never';
  const own = (exec.env ?? []).map(({ name = '', value = '' }) => [name, value] as const);
  const info = await execInfo(exec, settings, interactive);
  const child = spawn(command, args, {
    env: { ...env, ...Object.fromEntries(own), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    // It prints to stderr if the user has to log in.
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    signal,
  });
  // A process that the plugin has started may outlive it, and keep its output open.
  signal.addEventListener('abort', () => void child.stdout.destroy(), { once: true });
  const failed = once(child, 'error').then(([error]) => error as NodeJS.ErrnoException);
  const ended = Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  const slow = {
    afterMs: slowAnswerMs,
    tell: () => {
      if (!interactive) warn?.(`still waiting for the ${plugin}`);
    },
  };
  const outcome = await orTellSlow(clock, signal, slow, Promise.race([failed, ended]));
  if (outcome instanceof Error) throw notRun(outcome, plugin, exec);
  const [printed, [code, killedBy]] = outcome;
  if (code !== 0) throw failure(plugin, code === null ? `signal ${killedBy ?? ''}` : `exit code ${code}`);
  const credential = readCredential(printed, exec);
  if (typeof credential === 'string') throw failure(plugin, credential);
  return credential;
}

async function execInfo(exec: ExecEntry, settings: Settings, interactive: boolean) {
  return {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: {
      ...(exec.provideClusterInfo === true && {
        cluster: await clusterInfo(settings.clusterEntry, settings),
      }),
      interactive,
    },
  };
}

async function clusterInfo(cluster: ClusterEntry, { server }: Settings) {
  const file = cluster['certificate-authority'];
  const authority =
    cluster['certificate-authority-data'] ?? (file && (await readFile(file)).toString('base64'));
  const own = (cluster.extensions ?? [])
    .filter(isRecord)
    .find(({ name }) => name === 'client.authentication.k8s.io/exec');
  return {
    server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'] || undefined,
    'certificate-authority-data': authority,
    'proxy-url': cluster['proxy-url'],
    'disable-compression': cluster['disable-compression'] || undefined,
    config: own?.['extension'],
  };
}

/** Returns why it is none in place of a credential. */
function readCredential(printed: string, { apiVersion }: ExecEntry): PluginCredential | string {
  const answer = parseObject(printed);
  if (answer?.['kind'] !== 'ExecCredential') return 'it printed no ExecCredential';
  if (answer['apiVersion'] !== apiVersion) return `it did not answer in version ${apiVersion ?? ''}`;
  const { status } = answer;
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = isRecord(status) ? status : {};
  if ((given(clientCertificateData) === undefined) !== (given(clientKeyData) === undefined))
    return 'it printed only one of certificate and key';
  if (given(token) === undefined && given(clientKeyData) === undefined)
    return 'it printed neither a token nor a certificate';
  const expires = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    ...(given(token) !== undefined && { token: given(token) }),
    ...(given(clientKeyData) !== undefined && {
      clientCertificateData: given(clientCertificateData),
      clientKeyData: given(clientKeyData),
    }),
    ...(!Number.isNaN(expires) && { expires }),
  } as PluginCredential;
}

function given(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseObject(printed: string): Record<string, unknown> | undefined {
  try {
    const [value] = readYaml(printed);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function notRun(error: NodeJS.ErrnoException, plugin: string, { installHint }: ExecEntry): StashError {
  if (error.code === 'ENOENT') {
    return new StashError('precondition', `${plugin} is not installed`, {
      hint: installHint?.trim(),
      cause: error,
    });
  }
  return new StashError('precondition', `${plugin} cannot be run: ${error.code ?? error.message}`, {
    cause: error,
  });
}

function failure(plugin: string, why: string): StashError {
  return new StashError('unauthorized', `${plugin} failed: ${why}`, {
    hint: 'log in again, or run the plugin by hand',
  });
}
