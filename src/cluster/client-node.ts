/**
 * Authentication and TLS by client-node's KubeConfig. It is loaded with the first request, because it is slow
 * to import.
 */
import { Agent, type OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';

import type { KubeConfig } from '@kubernetes/client-node';

import { StashError } from '#src/errors.ts';

import type { ExecEntry } from './kubeconfig.ts';
import type { Settings } from './settings.ts';

export type TlsMaterial = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

export interface Credentials {
  readonly tls: TlsMaterial;
  readonly headers: OutgoingHttpHeaders;
  /** Set only if a SOCKS proxy leads to the server: node:http's own agents cannot use one. */
  readonly socksAgent?: Agent | undefined;
}

/**
 * Provides the credentials of a request. Asked before each request, so that short-lived credentials stay
 * fresh.
 */
export interface Authenticator {
  credentials(): Promise<Credentials>;
  /**
   * Discards credentials that the server rejected. Returns false if plugins and files cannot provide any
   * others.
   */
  renew(): boolean;
}

/**
 * Returns the Authenticator for the chosen user. Loads client-node and runs plugins only when credentials are
 * needed.
 */
export function kubeConfigAuthenticator(settings: Settings): Authenticator {
  const { exec, tokenFile, 'auth-provider': provider } = settings.userEntry;
  const renewable = exec !== undefined || tokenFile !== undefined || provider !== undefined;
  let config: Promise<KubeConfig> | undefined;
  let asking: Promise<Credentials> | undefined;

  async function ask(): Promise<Credentials> {
    config ??= loadKubeConfig(settings);
    try {
      return await readCredentials(await config, settings);
    } catch (error) {
      throw credentialError(error, settings);
    }
  }

  return {
    // Concurrent requests share one plugin process.
    credentials: () => (asking ??= ask().finally(() => (asking = undefined))),
    renew() {
      config = undefined;
      return renewable;
    },
  };
}

async function loadKubeConfig(settings: Settings): Promise<KubeConfig> {
  // The package's root would also load watch, informers and SPDY; only this file is needed.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const { newClusters, newContexts, newUsers } = await import('@kubernetes/client-node/dist/config_types.js');
  const { clusters, users, contexts, currentContext } = chosenEntries(settings);
  const config = new KubeConfig();
  // As `loadFromString` does, without parsing the YAML a second time.
  config.loadFromOptions({
    ...{ clusters: newClusters(clusters), users: newUsers(users), contexts: newContexts(contexts) },
    currentContext,
  });
  return config;
}

/**
 * Returns a config with only the chosen cluster, user and context, so that an invalid entry elsewhere in the
 * file does no harm.
 */
function chosenEntries(settings: Settings) {
  const { tokenFile, exec, ...user } = settings.userEntry;
  const cluster: Record<string, unknown> = {
    ...settings.clusterEntry,
    server: settings.server,
    'proxy-url': settings.proxyUrl,
  };
  if (settings.server.startsWith('http:')) cluster['insecure-skip-tls-verify'] = true;
  return {
    clusters: [{ name: 'cluster', cluster }],
    users: [
      {
        name: settings.userName,
        user: {
          ...user,
          ...(exec && { exec: withExecInfo(exec, settings) }),
          ...(tokenFile !== undefined && {
            token: undefined,
            'auth-provider': { name: 'tokenFile', config: { tokenFile } },
          }),
        },
      },
    ],
    contexts: [{ name: 'context', context: { cluster: 'cluster', user: settings.userName } }],
    currentContext: 'context',
  };
}

/** Plugins read from this variable which version of the API they have to answer in. */
function withExecInfo(exec: ExecEntry, settings: Settings): ExecEntry {
  const { clusterEntry } = settings;
  const info = {
    apiVersion: exec['apiVersion'],
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(exec['provideClusterInfo'] === true && {
        cluster: {
          server: settings.server,
          'certificate-authority-data': clusterEntry['certificate-authority-data'],
          'insecure-skip-tls-verify': clusterEntry['insecure-skip-tls-verify'],
          'tls-server-name': clusterEntry['tls-server-name'],
          'proxy-url': settings.proxyUrl,
        },
      }),
    },
  };
  return {
    ...exec,
    env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  };
}

async function readCredentials(config: KubeConfig, settings: Settings): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized, servername, auth } = options;
  const given = (options.headers ?? {}) as OutgoingHttpHeaders;
  const headers: OutgoingHttpHeaders = { ...given, ...settings.headers };
  const { Authorization } = given;
  if (auth) headers['Authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  else if (typeof Authorization === 'string') headers['Authorization'] = Authorization.trim();
  // As kubectl does: no secret travels over an unencrypted connection.
  if (settings.server.startsWith('http:')) delete headers['Authorization'];
  const socks = settings.proxyUrl?.startsWith('socks') === true;
  return {
    headers,
    ...(socks && options.agent instanceof Agent && { socksAgent: options.agent }),
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      // Set explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED in a pod cannot turn verification off.
      rejectUnauthorized: rejectUnauthorized !== false,
      ...(servername && { servername }),
    },
  };
}

/** Never quotes a plugin's stdout, or an error that does: it may contain tokens. */
function credentialError(error: unknown, settings: Settings): StashError {
  const { exec } = settings.userEntry;
  const user = `user "${settings.userName}"`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ENOENT' && error instanceof Error && 'path' in error && error.path !== exec?.command) {
    return new StashError(
      'precondition',
      `the kubeconfig names a file that does not exist: ${String(error.path)}`,
    );
  }
  if (exec === undefined) {
    const why = code ?? (error instanceof SyntaxError ? 'unreadable answer' : firstLine(error));
    return new StashError('unauthorized', `cannot get credentials for ${user}: ${why}`, {
      hint: 'log in again',
    });
  }
  const plugin = `credential plugin "${exec.command ?? ''}" of ${user}`;
  if (code === 'ENOENT') {
    return new StashError('precondition', `${plugin} is not installed`, {
      hint: firstLineOf(exec['installHint']),
    });
  }
  const unreadable = error instanceof SyntaxError || error instanceof TypeError;
  const why = unreadable ? 'it printed no ExecCredential' : firstLine(error) || 'no reason given';
  return new StashError('unauthorized', `${plugin} failed: ${why}`, {
    hint: 'log in again, or run the plugin by hand',
  });
}

function firstLine(error: unknown): string {
  return firstLineOf(error instanceof Error ? error.message : String(error)) ?? '';
}

function firstLineOf(text: unknown): string | undefined {
  return typeof text === 'string' ? text.trim().split('\n')[0] : undefined;
}
