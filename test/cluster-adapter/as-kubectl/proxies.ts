/** Proxies that lead every host to one port of this machine. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Certificate } from '../certificate.ts';

export interface Proxies {
  readonly http: string;
  readonly https: string;
  readonly socks: string;
  /** How a connection came, by the port that it comes from: `http kube.example:443`. */
  readonly came: Map<number, string>;
  stop(): void;
}

export async function startProxies(port: number, certificate: Certificate): Promise<Proxies> {
  const came = new Map<number, string>();
  const sockets = new Set<Duplex>();

  const tunnel = (client: Duplex, way: string, ready: () => void): void => {
    const onward: Socket = connect(port, '127.0.0.1', () => {
      came.set(onward.localPort ?? 0, way);
      ready();
      onward.pipe(client).pipe(onward);
    });
    for (const [one, other] of [
      [onward, client],
      [client, onward],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  };
  const onConnect =
    (kind: string) =>
    (request: http.IncomingMessage, client: Duplex): void => {
      const secret = request.headers['proxy-authorization'];
      const to = request.url === `127.0.0.1:${port}` ? 'the server' : request.url;
      const way = [kind, to, ...(secret === undefined ? [] : [secret])].join(' ');
      tunnel(client, way, () => client.write('HTTP/1.1 200 Connection Established\r\n\r\n'));
    };
  const socks = (client: Socket): void => {
    client.once('data', () => {
      client.write(Buffer.of(5, 0));
      client.once('data', (asked: Buffer) => {
        // Type 3 is a name of the length that follows it; type 1 is an IPv4 address.
        const length = asked[4] ?? 0;
        const host =
          asked[3] === 3
            ? asked.subarray(5, 5 + length).toString()
            : `${asked.subarray(4, 8).join('.')} (an address)`;
        tunnel(client, `socks ${host}`, () => client.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)));
      });
    });
    client.on('error', () => client.destroy());
  };

  const servers: Server[] = [
    http.createServer().on('connect', onConnect('http')),
    https.createServer({ ...certificate }).on('connect', onConnect('https')),
    createServer(socks),
  ];
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  const [plain, secure, sock] = ports.map((each) => `127.0.0.1:${each}`);
  return {
    ...{ http: `http://${plain ?? ''}`, https: `https://${secure ?? ''}`, socks: `socks5://${sock ?? ''}` },
    came,
    stop() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
