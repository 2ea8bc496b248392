/** PURE. Decides which server to contact as which user: flags override the kubeconfig, as with kubectl. */
import { StashError } from '#src/errors.ts';

import { checkUsable } from './check-usable.ts';
import type { ConnectionFlags } from './connection.ts';
import type { ClusterEntry, Kubeconfig, UserEntry } from './kubeconfig.ts';

export interface Settings {
  /** Without a trailing slash. */
  readonly server: string;
  readonly namespace: string;
  /** The user for messages: the impersonated user, else the user's name in the kubeconfig. */
  readonly user: string;
  /** The user's name in the kubeconfig. */
  readonly userName: string;
  readonly clusterEntry: ClusterEntry;
  readonly userEntry: UserEntry;
  /** Impersonation headers other than the user's name. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** `http`, `https` or `socks`. */
  readonly proxyUrl: string | undefined;
  /** Milliseconds. */
  readonly requestTimeout: number | undefined;
}

/**
 * @throws StashError `usage` if the kubeconfig lacks a name that the flags ask for, or if flags contradict
 * each other; `precondition` if neither names a server
 */
export function resolveSettings(flags: ConnectionFlags, config: Kubeconfig): Settings {
  const contextName = flags.context ?? config.currentContext;
  const context =
    contextName === undefined ? {} : findEntry(config.contexts, contextName, 'context', flags.context);
  const clusterName = flags.cluster ?? context.cluster;
  const userName = flags.user ?? context.user;
  const clusterEntry = overlayCluster(
    clusterName === undefined ? {} : findEntry(config.clusters, clusterName, 'cluster', flags.cluster),
    flags,
  );
  const userEntry = overlayUser(
    userName === undefined ? {} : findEntry(config.users, userName, 'user', flags.user),
    flags,
  );
  const server = serverUrl(clusterEntry, contextName, config);
  checkUsable(clusterEntry, userEntry, userName ?? 'anonymous');
  return {
    server,
    namespace: flags.namespace ?? context.namespace ?? 'default',
    user: userEntry.as ?? userName ?? 'anonymous',
    userName: userName ?? 'anonymous',
    clusterEntry,
    userEntry,
    headers: impersonation(userEntry),
    proxyUrl: clusterEntry['proxy-url'],
    requestTimeout: flags.requestTimeout === 0 ? undefined : flags.requestTimeout,
  };
}

function findEntry<T>(map: ReadonlyMap<string, T>, name: string, what: string, flag: string | undefined): T {
  const entry = map.get(name);
  if (entry !== undefined) return entry;
  const names = [...map.keys()].sort();
  const available = names.length === 0 ? `it has no ${what}s` : `available: ${names.join(', ')}`;
  throw new StashError(
    flag === undefined ? 'precondition' : 'usage',
    `the kubeconfig has no ${what} "${name}"`,
    {
      hint:
        what === 'context' || flag !== undefined ? available : `${available}; choose one with --${what} NAME`,
    },
  );
}

function serverUrl(cluster: ClusterEntry, context: string | undefined, config: Kubeconfig): string {
  const { server } = cluster;
  if (server === undefined || server === '') {
    const names = [...config.contexts.keys()].sort();
    if (context === undefined && names.length > 0) {
      throw new StashError('precondition', 'the kubeconfig has no current context', {
        hint: `add --context NAME; available: ${names.join(', ')}`,
      });
    }
    throw new StashError('precondition', 'the kubeconfig specifies no server', {
      hint: 'specify one with --server URL',
    });
  }
  const url = /^https?:\/\//i.test(server) ? server : `https://${server}`;
  if (!URL.canParse(url))
    throw new StashError('usage', `"${server}" is not a valid server URL`, {
      hint: 'use the form https://HOST:PORT',
    });
  return url.replace(/\/+$/, '');
}

function overlayCluster(entry: ClusterEntry, flags: ConnectionFlags): ClusterEntry {
  const result: Record<string, unknown> = { ...entry };
  if (flags.server !== undefined) {
    result['server'] = flags.server;
    result['tls-server-name'] = undefined;
  }
  if (flags.tlsServerName !== undefined) result['tls-server-name'] = flags.tlsServerName;
  overlayFile(result, 'certificate-authority', flags.certificateAuthority);
  if (flags.insecureSkipTlsVerify !== undefined)
    result['insecure-skip-tls-verify'] = flags.insecureSkipTlsVerify;
  else if (flags.certificateAuthority !== undefined) result['insecure-skip-tls-verify'] = undefined;
  if (flags.insecureSkipTlsVerify === true) {
    if (flags.certificateAuthority !== undefined) {
      throw new StashError(
        'usage',
        '--certificate-authority and --insecure-skip-tls-verify are mutually exclusive',
        { hint: 'leave one of them out' },
      );
    }
    result['certificate-authority'] = undefined;
    result['certificate-authority-data'] = undefined;
  }
  return result;
}

function overlayUser(entry: UserEntry, flags: ConnectionFlags): UserEntry {
  const result: Record<string, unknown> = { ...entry };
  overlayFile(result, 'client-certificate', flags.clientCertificate);
  overlayFile(result, 'client-key', flags.clientKey);
  if (flags.token !== undefined) {
    for (const key of ['tokenFile', 'exec', 'auth-provider', 'username', 'password']) result[key] = undefined;
    result['token'] = flags.token;
  }
  if (flags.as !== undefined) {
    for (const key of ['as-uid', 'as-groups', 'as-user-extra']) result[key] = undefined;
    result['as'] = flags.as;
  }
  if (flags.asGroup !== undefined && flags.asGroup.length > 0) result['as-groups'] = flags.asGroup;
  if (flags.asUid !== undefined) result['as-uid'] = flags.asUid;
  return result;
}

/** Inline data overrides a file; a flag overrides both. */
function overlayFile(entry: Record<string, unknown>, key: string, flag: string | undefined): void {
  if (flag !== undefined) {
    entry[key] = flag;
    entry[`${key}-data`] = undefined;
  } else if (typeof entry[`${key}-data`] === 'string' && entry[`${key}-data`] !== '') {
    entry[key] = undefined;
  }
}

function impersonation(user: UserEntry): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  if (user['as-groups'] && user['as-groups'].length > 0)
    headers['Impersonate-Group'] = [...user['as-groups']];
  if (user['as-uid']) headers['Impersonate-Uid'] = user['as-uid'];
  for (const [key, values] of Object.entries(user['as-user-extra'] ?? {})) {
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = [...values];
  }
  if (user.as === undefined && Object.keys(headers).length > 0) {
    throw new StashError('usage', 'impersonating a group or UID requires a user to impersonate', {
      hint: 'add --as USER',
    });
  }
  return headers;
}
