/**
 * One HTTP exchange with the API server, over keep-alive agents. Of Kubernetes, it knows only the port's
 * errors.
 */
import http from 'node:http';
import https from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';

import { StashError } from '#src/errors.ts';

import type { Authenticator, TlsMaterial } from './client-node.ts';
import { tunnelAgent } from './tunnel.ts';

/**
 * Limit for plain requests. Watches and execs use sockets of their own, so they never delay plain requests.
 */
const maxSockets = 32;
/**
 * How long after the last byte the kernel starts to probe the connection, so that a vanished server is
 * noticed even while no request waits.
 */
const keepAliveMsecs = 15_000;

/** Called when a request leaves; the result, when its answer begins or it is known that none will come. */
export type RequestWatch = () => (answered: boolean) => void;

export interface Endpoint {
  /** Without a trailing slash; may contain a path. */
  readonly server: string;
  readonly authenticator: Authenticator;
  readonly userAgent: string;
  readonly proxyUrl?: string | undefined;
  readonly onRequest?: RequestWatch | undefined;
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  /** Default `application/json`. */
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte in either direction after which the connection is given up. */
  readonly silence: number;
  /** A long-lived answer, which does not take a socket from the pool of plain requests. */
  readonly stream?: boolean;
}

export interface Wire {
  /**
   * Resolves when the head of the answer arrives. Rejects with node:http's error, or with ETIMEDOUT for a
   * silent connection.
   */
  send(exchange: Exchange): Promise<http.IncomingMessage>;
  /** URL, headers and agent for a WebSocket connection. */
  prepare(path: string): Promise<{ url: URL; headers: http.OutgoingHttpHeaders; agent: http.Agent }>;
  renewCredentials(): boolean;
  close(): void;
}

export class SilentConnection extends Error {
  readonly code = 'ETIMEDOUT';
  readonly milliseconds: number;
  constructor(milliseconds: number) {
    super(`no byte within ${milliseconds} ms`);
    this.milliseconds = milliseconds;
  }
}

/** Returns a Wire to the endpoint. Opens no connection yet. */
export function createWire(endpoint: Endpoint): Wire {
  const { authenticator } = endpoint;
  const proxyEnv = { http_proxy: endpoint.proxyUrl, https_proxy: endpoint.proxyUrl };
  const secure = endpoint.server.startsWith('https:');
  let agents:
    { readonly requests: http.Agent; readonly streams: http.Agent; readonly tls: TlsMaterial } | undefined;

  function agentsFor(tls: TlsMaterial) {
    // A plugin or a rotated file may provide a new client certificate.
    if (agents && sameMaterial(agents.tls, tls)) return agents;
    if (agents) closeIdle(agents.requests);
    // Share one context among all connections: parsing the certificates takes a millisecond each time.
    const security = secure ? { ...tls, secureContext: createContext(tls) } : undefined;
    const build = (sockets: number): http.Agent => {
      const options = { keepAlive: true, keepAliveMsecs, maxSockets: sockets, proxyEnv };
      if (security && endpoint.proxyUrl?.startsWith('https:') === true)
        return tunnelAgent(endpoint.proxyUrl, tls, { ...options, ...security, proxyEnv: {} });
      return security ? new https.Agent({ ...options, ...security }) : new http.Agent(options);
    };
    return (agents = { requests: build(maxSockets), streams: build(Infinity), tls });
  }

  async function prepare(path: string) {
    const { headers, tls, socksAgent } = await authenticator.credentials();
    const { requests, streams } = socksAgent ? { requests: socksAgent, streams: socksAgent } : agentsFor(tls);
    return {
      url: new URL(endpoint.server + path),
      headers: { ...headers, 'User-Agent': endpoint.userAgent },
      requests,
      agent: streams,
    };
  }

  return {
    prepare,
    async send(exchange) {
      exchange.signal?.throwIfAborted();
      // A credential plugin may take as long as it likes.
      const { url, headers, requests, agent } = await unlessAborted(prepare(exchange.path), exchange.signal);
      const ended = endpoint.onRequest?.();
      try {
        const answer = await sendRequest(url, headers, exchange.stream ? agent : requests, exchange);
        ended?.(true);
        return answer;
      } catch (error) {
        ended?.(false);
        throw error;
      }
    },
    renewCredentials: () => authenticator.renew(),
    close() {
      authenticator.close();
      if (!agents) return;
      closeIdle(agents.requests);
      closeIdle(agents.streams);
    },
  };
}

/** The signal of a request has aborted before there were credentials for it. */
export class NoCredentials extends Error {}

/** Resolves as `work` does; rejects with NoCredentials once `signal` aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => {
    aborted.reject(new NoCredentials('aborted while waiting for credentials', { cause: signal.reason }));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function closeIdle(agent: http.Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

function sendRequest(
  url: URL,
  headers: http.OutgoingHttpHeaders,
  agent: http.Agent,
  exchange: Exchange,
): Promise<http.IncomingMessage> {
  const { method, body, contentType, accept = 'application/json', signal, silence } = exchange;
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    agent,
    timeout: silence,
    ...(signal && { signal }),
    headers: {
      ...headers,
      Accept: accept,
      ...(body !== undefined && {
        'Content-Type': contentType ?? 'application/json',
        'Content-Length': Buffer.byteLength(body),
      }),
    },
  });
  let response: http.IncomingMessage | undefined;
  request.on('response', (message) => {
    response = message;
    resolve(message);
  });
  request.on('error', reject);
  request.on('timeout', () => {
    const error = new SilentConnection(silence);
    response?.destroy(error);
    request.destroy(error);
  });
  request.end(body);
  return promise;
}

export class AnswerTooLong extends Error {}

/** Memory for answers that are read one after another: each is valid until the next one is read. */
export interface AnswerMemory {
  bytes: Buffer<ArrayBuffer>;
}

const leastMemory = 64 * 1024;

/**
 * Resolves with the whole body. Rejects if the connection broke before its end, and with AnswerTooLong as soon as the
 * body has more than `longest` bytes.
 */
export async function readBody(
  message: http.IncomingMessage,
  { longest = Infinity, memory = { bytes: Buffer.alloc(0) } }: ReadOptions = {},
): Promise<Buffer> {
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    const end = length + chunk.length;
    // Leaving the loop destroys the connection.
    if (end > longest) throw new AnswerTooLong();
    if (end > memory.bytes.length) {
      const larger = Math.max(leastMemory, Math.ceil(1.25 * memory.bytes.length), end);
      // The earlier memory is free at once, not when V8 collects it.
      memory.bytes = Buffer.from(memory.bytes.buffer.transfer(larger));
    }
    memory.bytes.set(chunk, length);
    release(chunk);
    length = end;
  }
  return memory.bytes.subarray(0, length);
}

/** Frees the bytes of a chunk at once: V8 would collect those of several pages together. */
function release({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}

interface ReadOptions {
  readonly longest?: number | undefined;
  readonly memory?: AnswerMemory | undefined;
}

function sameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  const parts = (tls: TlsMaterial) => [tls.ca, tls.cert, tls.key, tls.rejectUnauthorized, tls.servername];
  return a === b || isDeepStrictEqual(parts(a), parts(b));
}

function createContext(tls: TlsMaterial): SecureContext {
  try {
    return createSecureContext(tls);
  } catch (error) {
    throw new StashError(
      'precondition',
      'the certificate or key in the kubeconfig is not valid PEM, or they do not match',
      {
        hint: 'kubectl config view --minify',
        cause: error,
      },
    );
  }
}
