/** The HTTPS server on the loopback address, with authentication. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocketServer } from 'ws';

import { chooseContainer } from '../pod-container.ts';
import { authorize } from '../rbac/authorize.ts';
import { notImplemented, unauthorized } from '../status.ts';
import type { Tokens, User } from '../tokens.ts';
import { readAttributes } from './attributes.ts';
import { chooseExecProtocol, openExec, serveExec } from './exec.ts';
import { failureOf } from './faults.ts';
import { actingUser, anonymous } from './impersonation.ts';
import { noPortForward } from './no-port-forward.ts';
import { podAt } from './pod-at.ts';
import { refuse } from './refuse.ts';
import { readTarget } from './request.ts';
import { answer, sendError, type Backend } from './routes.ts';
import { issueCertificate } from './x509.ts';

export interface ApiServer {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** The certificate that clients have to trust, as PEM. */
  readonly certificate: string;
  /** Closes every connection; resolves when the port is free. */
  close(): Promise<void>;
}

/** Tokens and their users, in addition to the tokens of service accounts. */
export type Credentials = readonly { readonly token: string; readonly user: User }[];

/** Starts the server on a free port. Resolves when it accepts connections. */
export async function startServer(backend: Backend, credentials: Credentials): Promise<ApiServer> {
  // Self-signed: clients trust this certificate only.
  const { key, cert } = issueCertificate({
    commonName: 'kubectl-stash sandbox',
    usages: ['server'],
    isAuthority: true,
    isLoopback: true,
    now: backend.api.now(),
  });
  const userOf = authenticator(credentials, backend.api.tokens);
  const server = createServer({ key, cert, keepAliveTimeout: 120_000 }, (request, response) => {
    response.setHeader('Date', backend.api.now().toUTCString());
    try {
      void answer(backend, request, response, authorizedUser(backend, request, userOf(request)));
    } catch (error) {
      sendError(response, error);
    }
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => chooseExecProtocol(offered) ?? false,
  });
  // node:https does not close connections during their handshake, nor upgraded ones.
  const open = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    open.add(socket.once('close', () => open.delete(socket)));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      upgrade(
        backend,
        sockets,
        { request, user: authorizedUser(backend, request, userOf(request)) },
        socket,
        head,
      );
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

/**
 * Returns the user of a bearer token: undefined for an unknown token, anonymous for a request without one.
 */
function authenticator(
  credentials: Credentials,
  tokens: Tokens,
): (request: IncomingMessage) => User | undefined {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const known = credentials.map(({ token, user }) => ({ expected: digest(token), user }));
  return ({ headers: { authorization = '' } }) => {
    const [, token] = /^Bearer +(\S+)/i.exec(authorization) ?? [];
    if (token === undefined) return anonymous;
    const given = digest(token);
    return known.find(({ expected }) => timingSafeEqual(given, expected))?.user ?? tokens.userOf(token);
  };
}

/**
 * Returns the user as whom to carry out the request. Throws Unauthorized, or Forbidden if a right is missing.
 */
function authorizedUser({ api }: Backend, request: IncomingMessage, user: User | undefined): User {
  if (user === undefined) throw unauthorized();
  const acting = actingUser(api.store, user, request);
  authorize(api.store, acting, readAttributes(request.method ?? 'GET', urlOf(request)));
  return acting;
}

function urlOf({ url }: IncomingMessage): URL {
  return new URL(url ?? '/', 'https://sandbox');
}

function upgrade(
  { api, interference, runtime }: Backend,
  sockets: WebSocketServer,
  { request, user }: { readonly request: IncomingMessage; readonly user: User },
  socket: Duplex,
  head: Buffer,
): void {
  const target = readTarget(api.registry, request.method ?? 'GET', urlOf(request));
  if (target.kind.plural === 'pods' && target.subresource === 'portforward') {
    throw noPortForward(api, target);
  }
  const isExec = target.kind.plural === 'pods' && target.subresource === 'exec';
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((it) => it.trim()) ?? [];
  if (!isExec || chooseExecProtocol(new Set(offered)) === undefined) {
    throw notImplemented('this upgrade: only exec over a WebSocket (v5.channel.k8s.io)');
  }
  // A WebSocket starts with a GET, but needs the right that a POST to exec needs.
  authorize(api.store, user, {
    ...{ verb: 'create', group: '', resource: 'pods', subresource: 'exec' },
    ...{ name: target.name ?? '', namespace: target.namespace ?? '' },
  });
  const effect = interference.effectOn('create', 'pods/exec');
  if (effect?.kind === 'silence') return;
  if (effect?.kind === 'fail') throw failureOf(effect);
  if (effect) socket.destroy();
  const { name = '', namespace = '', query } = target;
  const container = chooseContainer(podAt(api, target), query.get('container') ?? undefined);
  const exec = openExec(runtime(), { namespace, pod: name, container }, query);
  sockets.handleUpgrade(request, socket, head, (client) => {
    void serveExec(exec, client);
  });
}
