/**
 * Connections through a proxy that is itself reached over https. As with kubectl, the authorities of the cluster vouch
 * for it too; Node's own agents trust only those of their own list.
 */
import https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';

import type { TlsMaterial } from './client-node.ts';

type Callback = (error: Error | null, stream: Duplex) => void;

/** Returns an agent for requests to https servers. */
export function tunnelAgent(proxyUrl: string, tls: TlsMaterial, options: https.AgentOptions): https.Agent {
  const { hostname, port, username, password } = new URL(proxyUrl);
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  // The name in the proxy's certificate is its own. TLS names no addresses.
  const trusted = { ...tls, servername: isIP(hostname) === 0 ? hostname : '' };

  class TunnelAgent extends https.Agent {
    override createConnection(target: https.RequestOptions, callback?: Callback): undefined {
      const way = `${target.host ?? ''}:${target.port ?? 443}`;
      const request = https.request({
        ...trusted,
        ...{ host: hostname, port: port || 443, method: 'CONNECT', path: way, agent: false },
        headers: {
          Host: way,
          ...(secret !== ':' && { 'Proxy-Authorization': `Basic ${Buffer.from(secret).toString('base64')}` }),
        },
      });
      const refuse = (error: Error) => callback?.(error, undefined as never);
      request.once('error', refuse);
      request.once('connect', ({ statusCode }, socket) => {
        if (statusCode === 200) callback?.(null, connect({ ...target, socket } as ConnectionOptions));
        else refuse(new Error(`the proxy answered ${statusCode ?? 0}`));
      });
      request.end();
      return undefined;
    }
  }
  return new TunnelAgent(options);
}
