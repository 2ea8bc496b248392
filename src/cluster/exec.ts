/** Runs a command in a container over WebSocket: channel 0 stdin, 1 stdout, 2 stderr, 3 the exit status, 4 the terminal's size. */
import type { IncomingMessage } from 'node:http';
import type { Readable, Writable } from 'node:stream';

import type { RawData, WebSocket } from 'ws';

import { pods } from '#src/api/resources.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { StashError } from '#src/errors.ts';

import { readFailure, type Api } from './api.ts';
import { answerError, ClusterError, oneLine, type Failure } from './errors.ts';
import { exitCodeOf, readExecEnd, unstartedError, type ExecEnd } from './exec-end.ts';
import type { ExecRequest, ExecTerminal } from './port.ts';
import { exactPath, query, describeObject, type ApiRequest } from './request.ts';

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const closeChannel = 255;

/**
 * Resolves with the exit code. Rejects if the command never ran, or if the connection broke before the exit
 * code arrived.
 */
export async function execInPod(api: Api, request: ExecRequest): Promise<number> {
  const asked = execApiRequest(request);
  const { default: ws } = await import('ws');
  try {
    return await run(api, ws, request, asked);
  } catch (error) {
    const refused = error instanceof ClusterError && error.code === 401;
    if (!refused || !api.wire.renewCredentials()) throw error;
    return await run(api, ws, request, asked);
  }
}

function execApiRequest(request: ExecRequest): ApiRequest {
  const { namespace, pod, container, command, stdin, terminal } = request;
  const at = { namespace, name: pod, subresource: 'exec' };
  const tty = terminal !== undefined;
  // A terminal has one output only.
  const streams = { stdin: stdin !== undefined, stdout: true, stderr: !tty, ...(tty && { tty }) };
  const parameters = { command, container, ...streams };
  return { verb: 'create', resource: pods, ...at, path: exactPath(pods, at) + query(parameters) };
}

async function run(api: Api, ws: typeof WebSocket, request: ExecRequest, asked: ApiRequest): Promise<number> {
  const { signal } = request;
  const { url, headers, agent } = await api.wire.prepare(asked.path);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const end = Promise.withResolvers<ExecEnd>();
  const over = new AbortController();
  /** Settles once all output so far has been delivered. */
  let delivered = Promise.resolve();
  const abort = () => {
    end.reject(new StashError('interrupted', `interrupted: ${describeExec(request)}`));
    socket.terminate();
  };
  const socket = new ws(url, protocols, {
    agent,
    headers: headers as Record<string, string>,
    handshakeTimeout: api.limits.silence,
  });
  const deliverTo = (to: Writable, payload: Buffer) => {
    if (payload.length === 0) return;
    const next = deliver(socket, to, payload);
    next.catch(end.reject);
    const before = delivered;
    delivered = next.then(() => before);
    delivered.catch(() => undefined);
  };
  // Attach all listeners at once: the first output may arrive together with the handshake.
  socket.on('open', () => {
    if (request.stdin) feed(socket, request.stdin).catch(end.reject);
    if (request.terminal) tellSizes(socket, request.terminal, over.signal);
  });
  socket.on('message', (data: RawData) => {
    const bytes = bytesOf(data);
    const payload = bytes.subarray(1);
    if (bytes[0] === 1) deliverTo(request.stdout, payload);
    else if (bytes[0] === 2) deliverTo(request.stderr, payload);
    else if (bytes[0] === 3) readEnd(payload, end, request);
  });
  socket.on('unexpected-response', (_request, message: IncomingMessage) => {
    readFailure(message)
      .then((failure) => {
        // An API server refuses with a Status, a kubelet with plain text.
        const isStatus = failure.code < 500 && failure.status !== undefined;
        const unstarted = isStatus ? undefined : unstartedError(messageOf(failure), describeExec(request));
        end.reject(unstarted ?? answerError(asked, failure, api.parties));
        socket.terminate();
      })
      .catch(end.reject);
  });
  socket.on('error', (error) => {
    end.reject(api.toStashError(error));
  });
  socket.on('close', () => {
    end.reject(
      new ClusterError('unreachable', `connection lost while running ${describeExec(request)}`, {
        hint: 'it is unknown whether the command has finished',
      }),
    );
  });
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const told = await end.promise;
    await delivered;
    return exitCodeOf(told, describeExec(request));
  } finally {
    signal?.removeEventListener('abort', abort);
    over.abort();
    // Nothing follows the exit status, so a closing handshake would only cost time.
    socket.terminate();
  }
}

/** Writes to `to` and resolves when it has accepted the data; a slow writer slows the sender down. */
function deliver(socket: WebSocket, to: Writable, payload: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const room = to.write(payload, (error) => {
      socket.resume();
      if (error) reject(error);
      else resolve();
    });
    if (!room) socket.pause();
  });
}

/** Only version 5 of the protocol can signal the end of stdin. */
async function feed(socket: WebSocket, stdin: Readable): Promise<void> {
  try {
    for await (const chunk of stdin) {
      if (socket.readyState !== socket.OPEN) return;
      const bytes = Buffer.concat([Buffer.of(0), Buffer.from(chunk as Buffer | string)]);
      await new Promise<void>((resolve) => {
        socket.send(bytes, () => {
          resolve();
        });
      });
    }
  } finally {
    if (socket.readyState === socket.OPEN && socket.protocol === protocols[0])
      socket.send(Buffer.of(closeChannel, 0));
  }
}

function tellSizes(socket: WebSocket, terminal: ExecTerminal, signal: AbortSignal): void {
  const tell = () => {
    const { columns, rows } = terminal.size();
    const size = JSON.stringify({ Width: columns, Height: rows });
    if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.of(4), Buffer.from(size)]));
  };
  tell();
  terminal.onResize(tell, signal);
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function readEnd(payload: Buffer, end: PromiseWithResolvers<ExecEnd>, request: ExecRequest): void {
  try {
    const told = readExecEnd(payload, describeExec(request));
    if (told) end.resolve(told);
  } catch (error) {
    end.reject(error);
  }
}

function messageOf({ status, text = '' }: Failure): string {
  return oneLine(sanitize(status?.message ?? text));
}

function describeExec(request: ExecRequest): string {
  return `${request.command[0] ?? ''} in ${describeObject({ verb: 'create', path: '', resource: pods, name: request.pod, namespace: request.namespace })}`;
}
