/** Raw access to the server's API, with a namespace for the tests of one file. */
import { after } from 'node:test';

import { kubeConfigAuthenticator } from '#src/cluster/client-node.ts';
import { findKubeconfig } from '#src/cluster/find-kubeconfig.ts';
import { resolveSettings } from '#src/cluster/settings.ts';
import { createJsonClient, text, type JsonClient } from '#test/support/json-client.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { startServer, type TestServer } from '../server.ts';

export interface OpenApi extends JsonClient {
  readonly server: TestServer;
  readonly namespace: string;
  /**
   * Returns the path of a namespaced collection or of an object in it: `at('apps/v1', 'deployments', 'foo')`.
   */
  at(apiVersion: string, ...steps: string[]): string;
}

export async function openApi(): Promise<OpenApi> {
  const closing: (() => Promise<void>)[] = [];
  // Registered before the server's own cleanup, which stops it.
  after(async () => {
    for (const close of closing) await close();
  });
  const server = await startServer();
  const client = await connectTo(server.kubeconfig);
  const made = await client.send('POST', '/api/v1/namespaces', {
    metadata: { generateName: 'conformance-' },
  });
  const namespace = text(made.body['metadata']?.['name']);
  closing.push(async () => {
    await client.send('DELETE', `/api/v1/namespaces/${namespace}`);
    client.close();
  });
  return {
    ...client,
    server,
    namespace,
    at: (apiVersion, ...steps) =>
      [apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`, 'namespaces', namespace, ...steps].join('/'),
  };
}

/** Connects with `token`, if given, in place of the kubeconfig's user. */
export async function connectTo(kubeconfig: string, { token }: { token?: string } = {}): Promise<JsonClient> {
  const { url, tls, headers } = await credentialsOf(kubeconfig);
  if (token === undefined) return createJsonClient(url, tls, headers);
  return createJsonClient(url, { ca: tls.ca }, { authorization: `Bearer ${token}` });
}

/** Resolves with the credentials that the kubeconfig's clients use. */
export async function credentialsOf(kubeconfig: string) {
  const settings = resolveSettings({}, await findKubeconfig({ kubeconfig }, {}));
  const { tls, headers } = await kubeConfigAuthenticator(settings, {
    env: {},
    stdinIsTerminal: false,
    clock: scaledClock(),
  }).credentials();
  return { url: settings.server, tls, headers };
}
