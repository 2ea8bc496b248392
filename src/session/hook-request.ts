/** A hook that is a request to the pod: HTTP, or no more than a connection. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

import type { Container, Pod } from '#src/api/kubernetes.ts';
import type { HookHandler } from '#src/api/stash.ts';
import { hostOf, requestOf } from '#src/domain/hooks/hooks.ts';

export interface Answer {
  readonly ok: boolean;
  /** False: nothing can have come of it. */
  readonly begun?: boolean;
  /** What came back, or why nothing did; may have several lines. */
  readonly words: string;
}

/** So much of an answer is read for the sake of its last line. */
const mostRead = 64 * 1024;

/** Resolves in any case; `signal` ends it. `hook`: one that is a request. */
export async function sendHook(
  hook: HookHandler,
  pod: Pod,
  container: Container,
  signal: AbortSignal,
): Promise<Answer> {
  const { httpGet, httpPost, tcpSocket } = hook;
  const foreign = hostOf(hook);
  const host = foreign ?? pod.status?.podIP;
  const { port: wanted = '' } = requestOf(hook) ?? {};
  const port = portOf(wanted, container);
  if (host === undefined) return { ok: false, begun: false, words: 'the pod has no address yet' };
  if (port === undefined) {
    return { ok: false, begun: false, words: `container ${container.name} has no port named ${wanted}` };
  }
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    if (tcpSocket) {
      await open(host, port, signal);
      return { ok: true, words: `connected to ${where}` };
    }
    const { status, last } = await exchange(httpGet ?? httpPost, httpPost, host, port, signal);
    const ok = status >= 200 && status < 400;
    // Who reads the session need not be somebody who may read what another host tells.
    return { ok, words: foreign === undefined ? `HTTP ${status}: ${last}` : `HTTP ${status}` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = signal.aborted ? 'no answer in time' : error instanceof Error ? error.message : String(error);
    const unreachable = signal.aborted || unreachableCodes.has(code ?? '');
    // An address of a pod means something inside the cluster only.
    const hint =
      unreachable && foreign === undefined ? "; from here the pods' network may be out of reach" : '';
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

/** With these there was no connection. */
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
  to: HookHandler['httpGet'],
  post: HookHandler['httpPost'],
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly last: string }> {
  const isSecure = to?.scheme?.toUpperCase() === 'HTTPS';
  const form = new URLSearchParams(
    (post?.form ?? []).flatMap(({ key = '', values = [] }) => values.map((value) => [key, value])),
  ).toString();
  const body = post?.body !== undefined && post.body !== '' ? post.body : form;
  const headers: Record<string, string> = {};
  if (form !== '') headers['content-type'] = 'application/x-www-form-urlencoded';
  for (const { name, value } of to?.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  if (post) headers['content-length'] = String(Buffer.byteLength(body));
  const path = to?.path ?? '/';
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
    // As the kubelet does for its probes and hooks: a pod's own certificate is signed by nobody.
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
  const last = text.split(/[\r\n]+/).findLast((line) => line.trim() !== '') ?? '';
  return { status: message.statusCode ?? 0, last };
}
