/**
 * An API server that answers reads, and lists a page at a time, as fast as it can: each answer is prepared when it is first
 * requested. It stores nothing, and grants everything. The sandbox does not page its lists, and a real API server would need an hour to store the objects.
 */
import { createServer } from 'node:http';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { stashCrds } from '#src/api/crds/index.ts';
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { parseLabelQuery } from '#src/domain/workload/label-query.ts';
import { builtInKinds } from '#src/sandbox/api-server/built-in-kinds.ts';
import { describeApi } from '#src/sandbox/api-server/http/discovery.ts';
import { tableOf, wantsTable } from '#src/sandbox/api-server/http/table.ts';
import type { Kind } from '#src/sandbox/api-server/kind.ts';
import type { StoredObject } from '#src/sandbox/api-server/object.ts';
import { kindsOf } from '#src/sandbox/api-server/registry.ts';
import { snapshotDefinitions } from '#src/sandbox/snapshot-definitions.ts';

import type { LargeCluster } from './large-cluster.ts';

export interface PageServer {
  /** How many it has answered since the last call. */
  requests(): number;
  stop(): Promise<void>;
}

/** Writes a kubeconfig to the path. Resolves when it accepts connections, on the loopback address and without TLS. */
export async function startPageServer(cluster: LargeCluster, kubeconfig: string): Promise<PageServer> {
  const custom = [...snapshotDefinitions, ...stashCrds].flatMap((each) =>
    kindsOf(each as unknown as StoredObject),
  );
  const kinds = [...builtInKinds, ...custom];
  const byPath = new Map(kinds.map((kind) => [`${apiPathOf(kind)}/${kind.plural}`, kind]));
  const answers = new Map<string, Buffer>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const send = (status: number, body: Buffer | string) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body);
    };
    if (request.method === 'POST') {
      void text(request).then((body) => {
        send(201, JSON.stringify(reviewed(JSON.parse(body) as Record<string, unknown>)));
      });
      return;
    }
    const url = new URL(request.url ?? '/', 'http://bench');
    const key = `${url.pathname}${url.search} ${request.headers.accept ?? ''}`;
    const answer = () => {
      const described = describeApi(kinds, url.pathname);
      if (described) return Buffer.from(JSON.stringify(described));
      return answerTo(cluster, byPath, url, wantsTable(request.headers.accept));
    };
    const body = answers.get(key) ?? answer();
    if (body) answers.set(key, body);
    send(body ? 200 : 404, body ?? JSON.stringify(notFound));
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
    requests() {
      const since = requests;
      requests = 0;
      return since;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const notFound = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };

/** As a server that grants everything answers a review, and admits everything. */
function reviewed(object: Record<string, unknown>): object {
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  switch (object['kind']) {
    case 'SelfSubjectRulesReview':
      return { ...object, status: { resourceRules: [everything], nonResourceRules: [], incomplete: false } };
    case 'SelfSubjectAccessReview':
      return { ...object, status: { allowed: true } };
    default:
      return object;
  }
}

function apiPathOf({ group, version }: Kind): string {
  return `${group === '' ? '/api' : `/apis/${group}`}/${version}`;
}

const paths =
  /^(?<api>\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?$/;

/** Undefined if it does not exist. */
function answerTo(
  cluster: LargeCluster,
  byPath: ReadonlyMap<string, Kind>,
  { pathname, searchParams }: URL,
  asTable: boolean,
): Buffer | undefined {
  const whole = byPath.get(pathname);
  if (whole) return page(whole, selected(cluster.objects(whole), searchParams), searchParams, asTable);
  const { api = '', namespace, plural = '', name } = paths.exec(pathname)?.groups ?? {};
  const kind = byPath.get(`${api}/${plural}`);
  if (!kind) return undefined;
  const objects = cluster.objects(kind).filter(({ metadata }) => metadata.namespace === namespace);
  if (name === undefined) return page(kind, selected(objects, searchParams), searchParams, asTable);
  const object = objects.find(({ metadata }) => metadata.name === name);
  return object && Buffer.from(JSON.stringify(object));
}

type Objects = readonly Stored<KubernetesObject>[];

/** By name or by labels. */
function selected(objects: Objects, query: URLSearchParams): Objects {
  const name = /^metadata\.name=(.*)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const named = name === undefined ? objects : objects.filter(({ metadata }) => metadata.name === name);
  const labels = query.get('labelSelector');
  if (labels === null) return named;
  const fits = parseLabelQuery(labels);
  return named.filter(({ metadata }) => fits(metadata.labels ?? {}));
}

function page(kind: Kind, all: Objects, query: URLSearchParams, asTable: boolean): Buffer {
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
