/** Runs hooks that are HTTP requests or TCP connections. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

import type { HookHandlers, HttpHook, SocketHook } from '#src/api/hook-handlers.ts';
import type { Container } from '#src/api/kubernetes.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { wordsOfPage } from '#src/domain/html-page.ts';

import type { HookPlace } from './hook-pods.ts';

export interface Answer {
  readonly ok: boolean;
  /** `false` if the hook cannot have had any effect. */
  readonly begun?: boolean;
  /** The answer, or why there is none, in one or more lines. */
  readonly words: string;
}

/** How much of an answer is read, to find its last line. */
const mostRead = 64 * 1024;

/** The arguments of a handler. `signal` aborts it. */
export interface HandlerCall {
  readonly cluster: Cluster;
  readonly place: HookPlace;
  readonly signal: AbortSignal;
}

/** Never rejects. */
export async function getHttp(get: HookHandlers['httpGet'], call: HandlerCall): Promise<Answer> {
  return await request(get, call, (at) => exchange(at, get, undefined));
}

/** Never rejects. */
export async function postHttp(post: HookHandlers['httpPost'], call: HandlerCall): Promise<Answer> {
  return await request(post, call, (at) => exchange(at, post, post));
}

/** Never rejects. */
export async function openSocket(socket: SocketHook, call: HandlerCall): Promise<Answer> {
  return await request(socket, call, async ({ host, port, signal, where }) => {
    await open(host, port, signal);
    return { ok: true, words: `connected to ${where}` };
  });
}

interface Address {
  readonly host: string;
  readonly port: number;
  /** `host:port`, for messages. */
  readonly where: string;
  /** Whether the host is the pod's own address. */
  readonly isPod: boolean;
  readonly signal: AbortSignal;
}

async function request(
  { host: foreign = '', port: wanted }: SocketHook,
  { place: { pod, container }, signal }: HandlerCall,
  send: (at: Address) => Promise<Answer>,
): Promise<Answer> {
  const isPod = foreign === '';
  const host = isPod ? pod.status?.podIP : foreign;
  const port = portOf(wanted, container);
  if (host === undefined) return { ok: false, begun: false, words: 'the pod has no address yet' };
  if (port === undefined) {
    return { ok: false, begun: false, words: `container ${container.name} has no port named ${wanted}` };
  }
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    return await send({ host, port, where, isPod, signal });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = signal.aborted ? 'no answer in time' : error instanceof Error ? error.message : String(error);
    const unreachable = signal.aborted || unreachableCodes.has(code ?? '');
    // Pod addresses are usually reachable from inside the cluster only.
    const hint = unreachable && isPod ? "; from here the pods' network may be out of reach" : '';
    const begun = signal.aborted || !unconnectedCodes.has(code ?? '');
    return { ok: false, begun, words: `${where}: ${why}${hint}` };
  }
}

const unreachableCodes: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOTFOUND',
]);

/** Errors that occur before there is a connection. */
const unconnectedCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);

function portOf(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port);
  return named?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}

function open(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

async function exchange(
  { host, port, isPod, signal }: Address,
  to: HttpHook,
  post: HookHandlers['httpPost'] | undefined,
): Promise<Answer> {
  const isSecure = to.scheme?.toUpperCase() === 'HTTPS';
  const form = new URLSearchParams(
    (post?.form ?? []).flatMap(({ key = '', values = [] }) => values.map((value) => [key, value])),
  ).toString();
  const body = post?.body !== undefined && post.body !== '' ? post.body : form;
  const headers: Record<string, string> = {};
  if (form !== '') headers['content-type'] = 'application/x-www-form-urlencoded';
  for (const { name, value } of to.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  if (post) headers['content-length'] = String(Buffer.byteLength(body));
  const path = to.path ?? '/';
  const options = {
    host,
    port,
    signal,
    headers,
    agent: false,
    method: post ? 'POST' : 'GET',
    path: path.startsWith('/') ? path : `/${path}`,
  } as const;
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    // Do not verify the certificate, like the kubelet for probes and hooks: a pod's certificate is usually self-signed.
    const request = isSecure
      ? httpsRequest({ ...options, rejectUnauthorized: false }, resolve)
      : httpRequest(options, resolve);
    request.once('error', reject);
    request.end(post ? body : undefined);
  });
  let text = '';
  for await (const chunk of message) {
    text += String(chunk);
    if (text.length > mostRead) break;
  }
  const last = wordsOfPage(text) ?? text.split(/[\r\n]+/).findLast((line) => line.trim() !== '') ?? '';
  const { statusCode: status = 0 } = message;
  // A user who may read the session may not be allowed to read the answers of other hosts.
  const said = isPod && last !== '' ? `: ${last}` : '';
  return { ok: status >= 200 && status < 400, words: `HTTP ${status}${said}` };
}
