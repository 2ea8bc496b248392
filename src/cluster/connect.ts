/** Creates a Cluster from flags and environment. Sends no request to the server. */
import type { Clock } from '#src/domain/clock.ts';

import { createApiCluster } from './api-cluster.ts';
import { createApi } from './api.ts';
import { kubeConfigAuthenticator } from './client-node.ts';
import type { Connection, ConnectionFlags } from './connection.ts';
import { findKubeconfig, type Environment } from './find-kubeconfig.ts';
import { createWire, type RequestWatch } from './http.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { proxyFor } from './proxy.ts';
import type { ServerClock } from './server-clock.ts';
import { resolveSettings } from './settings.ts';

export interface ConnectOptions {
  readonly clock: Clock & Partial<Pick<ServerClock, 'onSend'>>;
  /** Version of this program, for the User-Agent header. */
  readonly version: string;
  /** Whether credential plugins may ask the user. Default false. */
  readonly stdinIsTerminal?: boolean;
  /** Aborts pending reads and refuses new ones, since the user has interrupted the command. */
  readonly signal?: AbortSignal;
  /** Watches the requests to the server, a URL. */
  readonly watchRequests?: (server: string) => RequestWatch;
  /** Gets one line where a credential plugin takes long and cannot be asked at the terminal. */
  readonly warn?: (words: string) => void;
  readonly limits?: Partial<Limits>;
}

/**
 * @throws StashError `precondition` if there is no usable kubeconfig, `usage` if the flags name a context,
 * cluster or user that it lacks
 */
export async function connect(
  flags: ConnectionFlags,
  env: Environment,
  options: ConnectOptions,
): Promise<Connection> {
  const config = await findKubeconfig(flags, env);
  const resolved = resolveSettings(flags, config);
  const settings = { ...resolved, proxyUrl: proxyFor(resolved.server, resolved.proxyUrl, env) };
  const api = createApi({
    wire: createWire({
      server: settings.server,
      authenticator: kubeConfigAuthenticator(settings, {
        env,
        stdinIsTerminal: options.stdinIsTerminal ?? false,
        clock: options.clock,
        warn: options.warn,
      }),
      userAgent: `kubectl-stash/${options.version}`,
      proxyUrl: settings.proxyUrl,
      onRequest: options.watchRequests?.(settings.server),
    }),
    parties: { user: settings.user, server: settings.server },
    clock: options.clock,
    onSend: options.clock.onSend,
    limits: { ...defaultLimits, ...options.limits },
    requestTimeout: settings.requestTimeout,
  });
  return {
    cluster: createApiCluster(api, options.signal),
    namespace: settings.namespace,
    user: settings.user,
  };
}
