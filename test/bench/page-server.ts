/**
 * An API server that only answers lists, a page at a time, as fast as it can: each page is prepared when it is first
 * requested. The sandbox does not page its lists, and a real API server would need an hour to store the objects.
 */
import { createServer } from 'node:http';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

import { stashCrds } from '#src/api/crds/index.ts';
import { builtInKinds } from '#src/sandbox/api-server/built-in-kinds.ts';
import { describeApi } from '#src/sandbox/api-server/http/discovery.ts';
import { tableOf, wantsTable } from '#src/sandbox/api-server/http/table.ts';
import type { Kind } from '#src/sandbox/api-server/kind.ts';
import type { StoredObject } from '#src/sandbox/api-server/object.ts';
import { kindsOf } from '#src/sandbox/api-server/registry.ts';
import { snapshotDefinitions } from '#src/sandbox/snapshot-definitions.ts';

import type { LargeCluster } from './large-cluster.ts';

export interface PageServer {
  stop(): Promise<void>;
}

/** Writes a kubeconfig to the path. Resolves when it accepts connections, on the loopback address and without TLS. */
export async function startPageServer(cluster: LargeCluster, kubeconfig: string): Promise<PageServer> {
  const custom = [...snapshotDefinitions, ...stashCrds].flatMap((each) =>
    kindsOf(each as unknown as StoredObject),
  );
  const kinds = [...builtInKinds, ...custom];
  const pages = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://bench');
    const described = describeApi(kinds, url.pathname);
    const kind = kinds.find((each) => pathOf(each) === url.pathname);
    const key = `${url.pathname}${url.search} ${request.headers.accept ?? ''}`;
    const body = described
      ? Buffer.from(JSON.stringify(described))
      : kind && (pages.get(key) ?? page(cluster, kind, url.searchParams, wantsTable(request.headers.accept)));
    if (body && !described) pages.set(key, body);
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
    response.end(body ?? '{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const named = { name: 'bench' };
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'bench' },
    clusters: [{ ...named, cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ ...named, context: { cluster: 'bench', user: 'bench', namespace: 'team-0000' } }],
    users: [{ ...named, user: {} }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function pathOf({ group, version, plural }: Kind): string {
  return `${group === '' ? '/api' : `/apis/${group}`}/${version}/${plural}`;
}

function page({ objects }: LargeCluster, kind: Kind, query: URLSearchParams, asTable: boolean): Buffer {
  const all = objects(kind);
  const from = Number(query.get('continue') ?? '0');
  const limit = Number(query.get('limit') ?? all.length);
  const items = all.slice(from, from + limit);
  const left = all.length - from - items.length;
  const next = { ...(left > 0 && { continue: String(from + limit), remainingItemCount: left }) };
  const metadata = { resourceVersion: '1', ...next };
  if (asTable) {
    const options = { now: new Date(), include: 'Metadata', resourceVersion: '1' } as const;
    const table = tableOf(kind, items as readonly object[] as readonly StoredObject[], options);
    return Buffer.from(JSON.stringify({ ...table, metadata }));
  }
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  return Buffer.from(JSON.stringify({ kind: `${kind.kind}List`, apiVersion, metadata, items }));
}
