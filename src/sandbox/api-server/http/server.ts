/** The https server on the loopback address, and its one key. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocketServer } from 'ws';

import type { Pod, Stored } from '#src/api/kubernetes.ts';

import { chooseContainer } from '../pod-container.ts';
import { admin } from '../reviews.ts';
import { notImplemented, unauthorized } from '../status.ts';
import type { Tokens, User } from '../tokens.ts';
import { chooseExecProtocol, openExec, serveExec } from './exec.ts';
import { failureOf } from './faults.ts';
import { refuse } from './refuse.ts';
import { readTarget } from './request.ts';
import { answer, sendError, type Backend } from './routes.ts';
import { issueCertificate } from './x509.ts';

export interface ApiServer {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** PEM, for clients to trust. */
  readonly certificate: string;
  /** Ends every connection; resolves when the port is free. */
  close(): Promise<void>;
}

export async function startServer(backend: Backend, { token }: { token: string }): Promise<ApiServer> {
  // Its own authority: clients trust this certificate and no other.
  const { key, cert } = issueCertificate({
    commonName: 'kubectl-stash sandbox',
    usages: ['server'],
    isAuthority: true,
    isLoopback: true,
    now: backend.api.now(),
  });
  const userOf = authenticator(token, backend.api.tokens);
  const server = createServer({ key, cert, keepAliveTimeout: 120_000 }, (request, response) => {
    const user = userOf(request);
    if (user) void answer(backend, request, response, user);
    else sendError(response, unauthorized());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => chooseExecProtocol(offered) ?? false,
  });
  // The server itself does not end connections that are in the middle of their handshake, nor upgraded ones.
  const open = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    open.add(socket.once('close', () => open.delete(socket)));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      if (!userOf(request)) throw unauthorized();
      upgrade(backend, sockets, request, socket, head);
    } catch (error) {
      refuse(socket, error);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: cert,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
        for (const client of sockets.clients) client.terminate();
        for (const socket of open) socket.destroy();
      }),
  };
}

function authenticator(token: string, tokens: Tokens): (request: IncomingMessage) => User | undefined {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return ({ headers: { authorization = '' } }) =>
    timingSafeEqual(digest(authorization), expected)
      ? admin
      : tokens.userOf(authorization.replace(/^Bearer /, ''));
}

function upgrade(
  { api, interference, runtime }: Backend,
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const target = readTarget(
    api.registry,
    request.method ?? 'GET',
    new URL(request.url ?? '/', 'https://sandbox'),
  );
  const isExec = target.kind.plural === 'pods' && target.subresource === 'exec';
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((it) => it.trim()) ?? [];
  if (!isExec || chooseExecProtocol(new Set(offered)) === undefined) {
    throw notImplemented('this upgrade: only exec over a WebSocket (v5.channel.k8s.io)');
  }
  const effect = interference.arrived('create', 'pods/exec');
  if (effect?.kind === 'silence') return;
  if (effect?.kind === 'fail') throw failureOf(effect);
  if (effect) socket.destroy();
  const { name = '', namespace = '', query } = target;
  const stored = api.get({ kind: target.kind, name, namespace });
  const container = chooseContainer(stored as unknown as Stored<Pod>, query.get('container') ?? undefined);
  const exec = openExec(runtime(), { namespace, pod: name, container }, query);
  sockets.handleUpgrade(request, socket, head, (client) => {
    void serveExec(exec, client);
  });
}
