/**
 * An API server with one collection (`/api/v1/namespaces/demo/pods`) that injects faults on demand, on a real
 * socket.
 */
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import type { Pod, Stored } from '#src/api/kubernetes.ts';

/** What happens to the next request; faults are used in order, one per request. */
export type Fault =
  | { readonly answer: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | { readonly cut: 'before' | 'midway' }
  | { readonly hang: true };

export interface ScriptedApi extends AsyncDisposable {
  readonly url: string;
  /** The requests so far, in order, such as `GET /api/v1/...?watch=true`. */
  readonly requests: string[];
  readonly faults: Fault[];
  put(name: string): void;
  remove(name: string): void;
  /** Resource versions by name. */
  state(): Record<string, string>;
  versionOf(name: string): string | undefined;
  /** Drops all versions but the current one. */
  compact(): void;
  /** Left out: as an API server sends it. */
  bookmark(object?: unknown): void;
  closeWatches(): void;
  cutWatches(): void;
  /** Keeps the watches open without sending another byte. */
  muteWatches(): void;
  expireWatches(): void;
  /** Resolves once the server has received `count` requests. */
  asked(count: number): Promise<void>;
  /** Resolves once a watch is open. */
  watched(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored<Pod>;
}

export function status(code: number, reason: string, message: string, details: object = {}): unknown {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message,
    details,
  };
}

export async function startScriptedApi(): Promise<ScriptedApi> {
  const objects = new Map<string, Stored<Pod>>();
  const snapshots = new Map<string, Stored<Pod>[]>();
  const history: Change[] = [];
  const requests: string[] = [];
  const faults: Fault[] = [];
  const watches = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let waiting: (() => void)[] = [];
  let version = 1;
  let oldest = 1;
  let port = 0;

  function record(type: Change['type'], object: Stored<Pod>): void {
    const change = { version, type, object };
    history.push(change);
    for (const watch of watches) send(watch, change);
  }

  function send(watch: ServerResponse, change: { type: string; object: unknown }): void {
    watch.write(`${JSON.stringify({ type: change.type, object: change.object })}\n`);
  }

  function endAll(end: (watch: ServerResponse) => unknown): void {
    for (const one of watches) end(one);
    watches.clear();
  }

  function json(
    response: ServerResponse,
    code: number,
    body: unknown,
    headers: Record<string, string> = {},
  ): void {
    response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  }

  function list(url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get('limit') ?? Infinity);
    const [at = String(version), skip = '0'] = url.searchParams.get('continue')?.split('/') ?? [];
    if (Number(at) < oldest) {
      json(response, 410, status(410, 'Expired', 'the provided continue parameter is too old'));
      return;
    }
    const all = snapshots.get(at) ?? [...objects.values()];
    snapshots.set(at, all);
    const end = Number(skip) + limit;
    json(response, 200, {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: at, ...(end < all.length && { continue: `${at}/${end}` }) },
      items: all.slice(Number(skip), end).map(({ metadata }) => ({ metadata })),
    });
  }

  function watch(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < oldest) {
      json(response, 410, status(410, 'Expired', `too old resource version: ${from} (${oldest})`));
      return;
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    watches.add(response);
    response.on('close', () => watches.delete(response));
    for (const change of history) if (change.version > from) send(response, change);
    for (const wake of waiting) wake();
    waiting = [];
  }

  function misbehave(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
    if ('answer' in fault) {
      json(
        response,
        fault.answer,
        fault.body ?? status(fault.answer, '', 'as the script says'),
        fault.headers,
      );
    } else if ('cut' in fault) {
      if (fault.cut === 'midway') response.writeHead(200).write('{"items":[');
      setImmediate(() => request.socket.resetAndDestroy());
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://localhost');
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    request.resume();
    const fault = faults.shift();
    if (fault) misbehave(fault, request, response);
    else if (url.searchParams.get('watch') === 'true') watch(url, response);
    else list(url, response);
  }

  let server: http.Server;
  async function start(): Promise<void> {
    server = http.createServer(handle);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }
  await start();

  async function stop(): Promise<void> {
    watches.clear();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }

  return {
    stop,
    [Symbol.asyncDispose]: stop,
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    start,
    put(name) {
      const known = objects.has(name);
      version++;
      const metadata = {
        name,
        namespace: 'demo',
        uid: name,
        creationTimestamp: '2026-01-01T00:00:00Z',
        resourceVersion: String(version),
      };
      const object: Stored<Pod> = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } };
      objects.set(name, object);
      record(known ? 'MODIFIED' : 'ADDED', object);
    },
    remove(name) {
      const object = objects.get(name);
      if (!object) return;
      version++;
      objects.delete(name);
      record('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    },
    state: () => stateOf(objects.values()),
    versionOf: (name) => objects.get(name)?.metadata.resourceVersion,
    compact() {
      oldest = version;
    },
    bookmark(object = { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: String(version) } }) {
      for (const one of watches) send(one, { type: 'BOOKMARK', object });
    },
    closeWatches() {
      endAll((one) => one.end());
    },
    cutWatches() {
      endAll((one) => one.socket?.resetAndDestroy());
    },
    muteWatches() {
      watches.clear();
    },
    expireWatches() {
      endAll((one) => {
        send(one, { type: 'ERROR', object: status(410, 'Expired', 'too old resource version') });
        one.end();
      });
    },
    async asked(count) {
      while (requests.length < count) await once(server, 'request');
    },
    async watched() {
      if (watches.size === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

export function stateOf(objects: Iterable<Stored<Pod>>): Record<string, string> {
  const pairs = [...objects].map(({ metadata }): [string, string] => [
    metadata.name,
    metadata.resourceVersion,
  ]);
  return Object.fromEntries(pairs.sort(([a], [b]) => a.localeCompare(b)));
}
