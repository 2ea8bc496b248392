/** The API server over HTTPS without controllers or node, and a generic JSON client. */
import type { Api } from '#src/sandbox/api-server/api.ts';
import { createApi, type ApiOptions } from '#src/sandbox/api-server/create-api.ts';
import { startGarbageCollector } from '#src/sandbox/api-server/garbage-collector.ts';
import { createInterference, type Interference } from '#src/sandbox/api-server/http/faults.ts';
import { startServer } from '#src/sandbox/api-server/http/server.ts';
import { admin } from '#src/sandbox/api-server/reviews.ts';
import { createLocalCluster } from '#src/sandbox/api-server/local-cluster.ts';
import type { PodRuntime } from '#src/sandbox/api-server/pod-runtime.ts';
import { seed } from '#src/sandbox/seed.ts';
import {
  createJsonClient,
  text,
  type Answer,
  type Json,
  type JsonClient,
} from '#test/support/json-client.ts';

export { text, type Answer, type Json };

export interface BareServer extends AsyncDisposable, Omit<JsonClient, 'close'> {
  readonly api: Api;
  readonly url: string;
  readonly token: string;
  readonly certificate: string;
  readonly interference: Interference;
}

export const time = new Date('2024-05-01T10:00:00.400Z');

export async function startBareServer(
  options: Partial<ApiOptions> & { runtime?: PodRuntime; bookmarkMilliseconds?: number } = {},
): Promise<BareServer> {
  const token = 'test-token';
  const { runtime, bookmarkMilliseconds = 60_000, ...apiOptions } = options;
  const api = createApi({ now: () => time, ...apiOptions });
  const stopCollecting = startGarbageCollector(api);
  await seed(createLocalCluster(api), 'test.csi');
  const interference = createInterference();
  const backend = { api, interference, runtime: () => runtime, bookmarkMilliseconds };
  const server = await startServer(backend, [{ token, user: admin }]);
  const { url, certificate } = server;
  const client = createJsonClient(url, { ca: certificate }, { authorization: `Bearer ${token}` });

  return {
    send: (...request) => client.send(...request),
    watch: (...request) => client.watch(...request),
    api,
    url,
    token,
    certificate,
    interference,
    async [Symbol.asyncDispose]() {
      client.close();
      stopCollecting();
      await server.close();
    },
  };
}

export function configMap(name: string, more: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more };
}

export function pod(name: string, more: { metadata?: object; spec?: object } = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...more.metadata },
    spec: { containers: [{ name: 'c', image: 'busybox' }], ...more.spec },
  };
}
