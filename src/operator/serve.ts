/** Serves health checks for the kubelet and metrics for Prometheus: plain HTTP, read-only, no secrets. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { StashError } from '#src/errors.ts';

import type { ListenAddress } from './listen-address.ts';
import { sparingly } from './sparingly.ts';

/** Returns the reason for a failed check; undefined if it passes. */
type Check = () => string | undefined;

export interface Health {
  /** Whether the process works; if not, only a restart helps. */
  readonly healthy: Check;
  /** Whether it reconciles, or stands by to become the leader. */
  readonly ready: Check;
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
}

export interface Served {
  /** `http://127.0.0.1:PORT`, or `http://HOST:PORT` if `--listen` names a host. */
  readonly url: string;
  /** As `--listen` spells it: `:8080` is that port on all addresses. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** @throws StashError 'precondition' if the process cannot listen on the address */
export async function serve({ host, port }: ListenAddress, health: Health): Promise<Served> {
  const server = createServer(answer(health));
  server.listen({ port, host });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw cannotListen(error, host, port);
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    address: `${shown(host ?? '')}:${taken}`,
    url: `http://${shown(host ?? '127.0.0.1')}:${taken}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer({ healthy, ready, metrics }: Health): RequestListener {
  const scrape = sparingly(() => metrics.text());
  const check = (say: Check) => {
    const why = say();
    return { code: why === undefined ? 200 : 503, text: why ?? 'ok' };
  };
  const pages: Readonly<Record<string, () => { code: number; text: string }>> = {
    '/healthz': () => check(healthy),
    '/readyz': () => check(ready),
  };
  return (request, response) => {
    const send = (code: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    const path = (request.url ?? '').replace(/\?.*/, '');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(405, 'only GET and HEAD\n');
    } else if (path === '/metrics') {
      scrape().then(
        (text) => {
          send(200, text, metrics.contentType);
        },
        (error: unknown) => {
          send(500, `${error instanceof Error ? error.message : String(error)}\n`);
        },
      );
    } else {
      const { code, text } = pages[path]?.() ?? {
        code: 404,
        text: 'not found; available: /healthz, /readyz, /metrics',
      };
      send(code, `${text}\n`);
    }
  };
}

function cannotListen(error: unknown, host: string | undefined, port: number): StashError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the address is already in use',
    EACCES: 'permission denied',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'no such host',
  };
  return new StashError(
    'precondition',
    `cannot listen on ${shown(host ?? '')}:${port}: ${reasons[code] ?? code}`,
    { hint: 'choose another address with --listen HOST:PORT; :0 takes a free port', cause: error },
  );
}

function shown(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
