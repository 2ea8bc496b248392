/** The API server over https without controllers or node, and a client that knows nothing of Kubernetes. */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

import type { Api } from '#src/sandbox/api-server/api.ts';
import { createApi, type ApiOptions } from '#src/sandbox/api-server/create-api.ts';
import { startGarbageCollector } from '#src/sandbox/api-server/garbage-collector.ts';
import { createInterference, type Interference } from '#src/sandbox/api-server/http/faults.ts';
import { startServer } from '#src/sandbox/api-server/http/server.ts';
import { createLocalCluster } from '#src/sandbox/api-server/local-cluster.ts';
import type { PodRuntime } from '#src/sandbox/api-server/pod-runtime.ts';
import { seed } from '#src/sandbox/seed.ts';

export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON, else the text. */
  readonly body: Json;
}

/** JSON that a test looks into: a missing step is undefined. */
export type Json = { readonly [key: string]: Json } & { readonly [index: number]: Json };

export interface BareServer extends AsyncDisposable {
  readonly api: Api;
  readonly url: string;
  readonly token: string;
  readonly certificate: string;
  readonly interference: Interference;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Opens a watch; `next` resolves with its next event, undefined when it has ended. */
  watch(path: string, headers?: Record<string, string>): Promise<{ next(): Promise<Json>; close(): void }>;
}

export function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const time = new Date('2024-05-01T10:00:00.400Z');

export async function startBareServer(
  options: Partial<ApiOptions> & { runtime?: PodRuntime; bookmarkMilliseconds?: number } = {},
): Promise<BareServer> {
  const token = 'test-token';
  const { runtime, bookmarkMilliseconds = 60_000, ...apiOptions } = options;
  const api = createApi({ now: () => time, ...apiOptions });
  const stopCollecting = startGarbageCollector(api);
  await seed(createLocalCluster(api), 'test.csi');
  const interference = createInterference();
  const backend = { api, interference, runtime: () => runtime, bookmarkMilliseconds };
  const server = await startServer(backend, { token });
  const { url, certificate } = server;
  const agent = new Agent({ keepAlive: true, ca: certificate });

  function open(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = { method, agent, headers: { authorization: `Bearer ${token}`, ...headers } };
      const call = httpsRequest(new URL(path, url), options, resolve);
      call.on('error', reject);
      if (body === undefined) {
        call.end();
        return;
      }
      const bytes =
        typeof body === 'string' || Buffer.isBuffer(body)
          ? Buffer.from(body)
          : Buffer.from(JSON.stringify(body));
      if (headers['content-type'] === undefined) call.setHeader('content-type', 'application/json');
      // Node leaves it out of a DELETE.
      call.setHeader('content-length', bytes.length);
      call.end(bytes);
    });
  }

  return {
    api,
    url,
    token,
    certificate,
    interference,
    async send(method, path, body, headers = {}) {
      const message = await open(method, path, body, headers);
      const chunks: Buffer[] = [];
      for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const isJson = message.headers['content-type'] === 'application/json';
      return {
        code: message.statusCode ?? 0,
        headers: message.headers,
        body: (isJson ? JSON.parse(text) : text) as Json,
      };
    },
    async watch(path, headers = {}) {
      const message = await open('GET', path, undefined, headers);
      const lines = readLines(message);
      return {
        async next() {
          const line = await lines.next();
          return (line.done ? undefined : JSON.parse(line.value)) as Json;
        },
        close() {
          message.destroy();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      stopCollecting();
      await server.close();
    },
  };
}

async function* readLines(message: IncomingMessage): AsyncGenerator<string, undefined> {
  let text = '';
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      yield* lines;
    }
  } catch {
    // A connection that was cut ends the watch.
  }
  return undefined;
}

export function configMap(name: string, more: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more };
}

export function pod(name: string, more: { metadata?: object; spec?: object } = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...more.metadata },
    spec: { containers: [{ name: 'c', image: 'busybox' }], ...more.spec },
  };
}
