/** Servers in front of a sandbox. They record who asks, and answer as the sandbox does. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';

import { load } from 'js-yaml';

import type { Sandbox } from '#src/sandbox/sandbox.ts';

import { certificate, type Issued } from '../certificate.ts';

/** What a request shows of its sender. */
export interface Seen {
  readonly authorization?: string;
  /** Headers as `user: jane`, sorted. */
  readonly impersonate?: readonly string[];
  /** Common name of the client certificate. */
  readonly certificate?: string;
  /** The name that the TLS handshake asks for. */
  readonly name?: string;
  readonly namespace?: string;
  readonly localPort: number;
}

export interface Front {
  /** Chain of the usual server: signed by `authority`, for 127.0.0.1 and kube.example. */
  readonly url: string;
  readonly port: number;
  readonly authority: Issued;
  /** Signs `intermediate`, which signs the certificate of the server `leafOnly`. */
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly leafOnly: string;
  /** Its certificate is for api.internal. */
  readonly otherName: string;
  /** Its certificate has a common name, but no alternative names. */
  readonly commonName: string;
  readonly expired: string;
  readonly plain: string;
  /** For a proxy on 127.0.0.1. */
  readonly proxy: Issued;
  readonly seen: Seen[];
  stop(): void;
}

export async function startFront(sandbox: Sandbox): Promise<Front> {
  const { users } = load(await readFile(sandbox.kubeconfig, 'utf8')) as {
    users: { user: { token: string } }[];
  };
  const token = users[0]?.user.token ?? '';
  const behind = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  const seen: Seen[] = [];
  const servers: http.Server[] = [];

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push(see(request));
    const kept = Object.entries(request.headers).filter(
      ([name]) => !/^(host|authorization|impersonate-.*)$/.test(name),
    );
    const onward = https.request(sandbox.url + (request.url ?? ''), {
      ...{ agent: behind, method: request.method },
      headers: { ...Object.fromEntries(kept), authorization: `Bearer ${token}` },
    });
    onward.on('response', (from) => {
      response.writeHead(from.statusCode ?? 500, from.headers);
      from.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };

  const listen = async (server: http.Server): Promise<number> => {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const serve = ({ cert, key }: Issued) =>
    listen(https.createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, answer));

  const authority = certificate({ name: 'authority', hosts: [] });
  const root = certificate({ name: 'root', hosts: [] });
  const intermediate = certificate({ name: 'intermediate', hosts: [], issuer: root });
  const leaf = { authority: false, issuer: authority };
  const port = await serve(certificate({ ...leaf, name: 'server', hosts: ['127.0.0.1', 'kube.example'] }));
  const at = (number: number) => `https://127.0.0.1:${number}`;
  return {
    ...{ url: at(port), port, authority, root, intermediate, seen },
    proxy: certificate({ ...leaf, name: 'proxy' }),
    leafOnly: at(await serve(certificate({ name: 'leaf', authority: false, issuer: intermediate }))),
    otherName: at(await serve(certificate({ ...leaf, name: 'other', hosts: ['api.internal'] }))),
    commonName: at(await serve(certificate({ ...leaf, name: '127.0.0.1', hosts: [] }))),
    expired: at(await serve(certificate({ ...leaf, name: 'expired', days: -1 }))),
    plain: `http://127.0.0.1:${await listen(http.createServer(answer))}`,
    stop() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      behind.destroy();
    },
  };
}

function see({ headers, rawHeaders, socket, url = '' }: IncomingMessage): Seen {
  const impersonate = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && /^impersonate-/i.test(name)
      ? [`${name.slice('impersonate-'.length).toLowerCase()}: ${rawHeaders[index + 1] ?? ''}`]
      : [],
  );
  const namespace = /\/namespaces\/([^/?]+)\//.exec(url)?.[1];
  const tls = socket instanceof TLSSocket ? socket : undefined;
  const subject = tls?.getPeerCertificate().subject as { CN?: string } | undefined;
  // Node's types leave out the name that the client asked for.
  const { servername } = (tls ?? {}) as { servername?: string | false };
  return {
    ...(headers.authorization !== undefined && { authorization: headers.authorization }),
    ...(impersonate.length > 0 && { impersonate: impersonate.sort() }),
    ...(subject?.CN !== undefined && { certificate: subject.CN }),
    ...(servername && { name: servername }),
    ...(namespace !== undefined && { namespace }),
    localPort: socket.remotePort ?? 0,
  };
}
