/**
 * The part of a kubelet that an API server uses: exec and logs. It runs shells, so it admits only the API
 * server, by its client certificate.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

import { WebSocketServer } from 'ws';

import { chooseExecProtocol, openExec, serveExec, type Exec } from '#src/sandbox/api-server/http/exec.ts';
import { sendContainerLogs } from '#src/sandbox/api-server/http/logs.ts';
import { refuseAsKubelet } from '#src/sandbox/api-server/http/refuse.ts';
import type { PodRuntime } from '#src/sandbox/api-server/pod-runtime.ts';
import { notImplemented, statusOf } from '#src/sandbox/api-server/status.ts';

import { kubeletClient, type CertificateFiles } from '../authority.ts';

export interface Kubelet {
  readonly port: number;
  close(): Promise<void>;
}

/** The kubelet's query parameters for the streams of an exec. */
const streams = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
] as const;

export async function serveKubelet(options: {
  readonly certificate: CertificateFiles;
  readonly ca: string;
  readonly runtime: () => PodRuntime | undefined;
}): Promise<Kubelet> {
  const { certificate, ca, runtime } = options;
  const server = createServer(
    { key: certificate.key, cert: certificate.cert, ca, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      answer(request, response, runtime()).catch((error: unknown) => {
        const { code, message = '' } = statusOf(error);
        if (!response.headersSent) response.writeHead(code, { 'content-type': 'text/plain' });
        response.end(message);
      });
    },
  );
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => chooseExecProtocol(offered) ?? false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { step, namespace, pod, container, query } = readTarget(request);
    if (step !== 'exec' || !isApiServer(request)) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    for (const [stream, name] of streams) query.set(stream, query.get(name) ?? '');
    let exec: Exec;
    try {
      exec = openExec(runtime(), { namespace, pod, container }, query);
    } catch (error) {
      refuseAsKubelet(socket, error);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      void serveExec(exec, webSocket);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  runtime: PodRuntime | undefined,
): Promise<void> {
  const { step, namespace, pod, container, query } = readTarget(request);
  if (step !== 'containerLogs' || !runtime || !isApiServer(request)) {
    throw notImplemented(`${request.method ?? ''} ${step}: this kubelet serves exec and logs`);
  }
  await sendContainerLogs(runtime, { namespace, pod, container }, query, response);
}

/** Reads `/exec/NAMESPACE/POD/CONTAINER?command=...`. */
function readTarget(request: IncomingMessage) {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'https://kubelet');
  const [step = '', namespace = '', pod = '', container = ''] = pathname
    .split('/')
    .filter(Boolean)
    .map(decodeURIComponent);
  return { step, namespace, pod, container, query };
}

function isApiServer(request: IncomingMessage): boolean {
  const { socket } = request;
  return socket instanceof TLSSocket && socket.getPeerCertificate().subject.CN === kubeletClient;
}
