/**
 * Authentication and TLS by client-node's KubeConfig. It is loaded with the first request, because it is slow
 * to import.
 */
import { existsSync } from 'node:fs';
import { Agent, type OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';

import type { KubeConfig } from '@kubernetes/client-node';

import { StashError } from '#src/errors.ts';

import { runPlugin, type PluginCredential, type PluginOptions } from './exec-plugin.ts';
import type { Environment } from './find-kubeconfig.ts';
import type { ClusterEntry, UserEntry } from './kubeconfig.ts';
import type { Settings } from './settings.ts';
import { systemAuthorities } from './system-authorities.ts';

export type TlsMaterial = Pick<
  RequestOptions,
  'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername' | 'allowPartialTrustChain'
>;

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
  /** Ends a plugin that still runs. */
  close(): void;
}

/**
 * Returns the Authenticator for the chosen user. Loads client-node and runs plugins only when credentials are
 * needed.
 */
export function kubeConfigAuthenticator(settings: Settings, options: PluginOptions): Authenticator {
  const { exec, tokenFile, 'auth-provider': provider } = settings.userEntry;
  const renewable = exec !== undefined || tokenFile !== undefined || provider !== undefined;
  let config: Promise<KubeConfig> | undefined;
  let expires = Infinity;
  let asking: Promise<Credentials> | undefined;
  let trusted: Promise<TlsMaterial> | undefined;
  const closed = new AbortController();

  async function load(): Promise<KubeConfig> {
    const credential =
      exec && !isIdentified(settings.userEntry)
        ? await runPlugin(exec, settings, { ...options, signal: closed.signal })
        : {};
    expires = credential.expires ?? Infinity;
    return loadKubeConfig(settings, credential);
  }

  async function ask(): Promise<Credentials> {
    if (expires <= Date.now()) config = undefined;
    try {
      config ??= load();
      trusted ??= trust(settings.clusterEntry, options.env);
      return await readCredentials(await config, await trusted, settings);
    } catch (error) {
      config = undefined;
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
    close() {
      closed.abort();
    },
  };
}

/** As with kubectl, a plugin is not run for a user who has other credentials. */
function isIdentified(user: UserEntry): boolean {
  return (
    (user.token ??
      user.tokenFile ??
      user.username ??
      user['client-certificate'] ??
      user['client-certificate-data']) !== undefined
  );
}

/**
 * What client-node leaves to Node: every certificate of the authority is an anchor, also an intermediate
 * (https://github.com/kubernetes-client/javascript/issues/327), and without one, the system's are trusted
 * (https://github.com/kubernetes-client/javascript/issues/2546).
 */
async function trust(cluster: ClusterEntry, env: Environment): Promise<TlsMaterial> {
  const own = cluster['certificate-authority'] ?? cluster['certificate-authority-data'];
  return {
    allowPartialTrustChain: true,
    ...(own === undefined && { ca: (await systemAuthorities(env)).join('\n') }),
  };
}

async function loadKubeConfig(settings: Settings, credential: PluginCredential): Promise<KubeConfig> {
  // The package's root would also load watch, informers and SPDY; only this file is needed.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const { newClusters, newContexts, newUsers } = await import('@kubernetes/client-node/dist/config_types.js');
  const { clusters, users, contexts, currentContext } = chosenEntries(settings, credential);
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
function chosenEntries(settings: Settings, credential: PluginCredential) {
  const { token, tokenFile, ...user } = settings.userEntry;
  const base64 = (text: string | undefined) => text && Buffer.from(text).toString('base64');
  const cluster: Record<string, unknown> = {
    ...settings.clusterEntry,
    server: settings.server,
    // As with Go, the proxy resolves the name of the server.
    'proxy-url': settings.proxyUrl?.replace(/^socks5:/i, 'socks5h:'),
  };
  if (settings.server.startsWith('http:')) cluster['insecure-skip-tls-verify'] = true;
  const isFile = tokenFile !== undefined && (token === undefined || existsSync(tokenFile));
  return {
    clusters: [{ name: 'cluster', cluster }],
    users: [
      {
        name: settings.userName,
        user: {
          ...user,
          exec: undefined,
          ...(user.username !== undefined && { password: user.password ?? '' }),
          token: isFile ? undefined : (credential.token ?? token),
          ...(isFile && { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } }),
          ...(credential.clientKeyData !== undefined && {
            'client-certificate-data': base64(credential.clientCertificateData),
            'client-key-data': base64(credential.clientKeyData),
          }),
        },
      },
    ],
    contexts: [{ name: 'context', context: { cluster: 'cluster', user: settings.userName } }],
    currentContext: 'context',
  };
}

async function readCredentials(
  config: KubeConfig,
  trusted: TlsMaterial,
  settings: Settings,
): Promise<Credentials> {
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
  const tls = {
    ...trusted,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    // Set explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED in a pod cannot turn verification off.
    rejectUnauthorized: rejectUnauthorized !== false,
    ...(servername && { servername }),
  };
  const { agent } = options;
  if (settings.proxyUrl?.startsWith('socks') !== true || !(agent instanceof Agent)) return { headers, tls };
  // Node's types leave out the options that an agent adds to those of each connection.
  Object.assign((agent as Agent & { readonly options: object }).options, tls);
  return { headers, tls, socksAgent: agent };
}

function credentialError(error: unknown, settings: Settings): StashError {
  if (error instanceof StashError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ENOENT' && error instanceof Error && 'path' in error) {
    return new StashError(
      'precondition',
      `the kubeconfig names a file that does not exist: ${String(error.path)}`,
    );
  }
  const why = code ?? (error instanceof SyntaxError ? 'unreadable answer' : firstLine(error));
  return new StashError('unauthorized', `cannot get credentials for user "${settings.userName}": ${why}`, {
    hint: 'log in again',
  });
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n')[0] ?? '';
}
