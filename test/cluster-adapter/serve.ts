/** A server that answers as the test says and records its requests. */
import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Answer {
  readonly code?: number;
  readonly headers?: Record<string, string>;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  /** Reset the connection in place of an answer. */
  readonly cut?: boolean;
  /** Never answer. */
  readonly hang?: boolean;
}

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: http.Server;
  readonly asked: Asked[];
  /** Returns the number of connections so far. */
  connections(): number;
}

export async function serve(
  answer: (asked: Asked, n: number) => Answer,
  tls?: https.ServerOptions,
): Promise<Served> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const handle = async (request: IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers, rawHeaders } = request;
    const one = { method, path, headers, rawHeaders, body: await text(request) };
    const { code = 200, headers: sent = {}, body = {}, cut, hang } = answer(one, asked.push(one));
    if (cut === true) request.socket.resetAndDestroy();
    else if (hang !== true)
      response.writeHead(code, sent).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const listener = (request: IncomingMessage, response: http.ServerResponse) =>
    void handle(request, response);
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    server,
    asked,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
