/** Routes a request to its answer. Any error becomes a Status. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { apiVersionOf } from '#src/api/resources.ts';

import type { Api } from '../api.ts';
import { objectAt, type JsonObject } from '../json.ts';
import type { StoredObject } from '../object.ts';
import type { PodRuntime } from '../pod-runtime.ts';
import type { User } from '../tokens.ts';
import { scaleOf } from '../scale.ts';
import { badRequest, methodNotAllowed, noSuchResource, notImplemented, statusOf } from '../status.ts';
import { describeApi, isServed } from './discovery.ts';
import { failureOf, type Interference } from './faults.ts';
import { sendLogs } from './logs.ts';
import { deletionRequest, writeRequest } from './options.ts';
import { noPortForward } from './no-port-forward.ts';
import { proxyToPod } from './pod-proxy.ts';
import { readBody, readPatch, readTarget, type ResourceRequest } from './request.ts';
import { emptyOpenapiV2, openapiV2Type } from './protobuf.ts';
import { partial, tableOf, wantsMetadata, wantsTable, type Include } from './table.ts';
import { streamWatch } from './watch-stream.ts';

export interface Backend {
  readonly api: Api;
  readonly interference: Interference;
  readonly runtime: () => PodRuntime | undefined;
  /** How often a watch sends a bookmark; default a minute. */
  readonly bookmarkMilliseconds?: number;
}

/** Answers the request as `user`. Never rejects: an error becomes a Status. */
export async function answer(
  backend: Backend,
  request: IncomingMessage,
  response: ServerResponse,
  user: User,
): Promise<void> {
  try {
    await route(backend, request, response, user);
  } catch (error) {
    sendError(response, error);
  }
}

async function route(
  backend: Backend,
  request: IncomingMessage,
  response: ServerResponse,
  user: User,
): Promise<void> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'https://sandbox');
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    return;
  }
  if (url.pathname === '/openapi/v2') {
    response.writeHead(200, { 'content-type': openapiV2Type }).end(emptyOpenapiV2);
    return;
  }
  const document = describeApi(backend.api.registry.kinds(), url.pathname);
  if (document) {
    if (method !== 'GET') throw methodNotAllowed();
    sendJson(response, 200, document);
    return;
  }
  if (!isServed(backend.api.registry.kinds(), url.pathname)) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
    return;
  }
  const target = readTarget(backend.api.registry, method, url);
  const resource =
    target.subresource === undefined ? target.kind.plural : `${target.kind.plural}/${target.subresource}`;
  const effect = backend.interference.effectOn(target.verb, resource);
  switch (effect?.kind) {
    case 'silence':
      return;
    case 'cut':
      request.socket.destroy();
      return;
    case 'fail':
      throw failureOf(effect);
    case 'cut-after':
      // The fault carries the request out, but drops the connection in place of an answer.
      response.write = () => false;
      response.end = () => (request.socket.destroy(), response);
      break;
    case undefined:
  }
  await serve(backend, target, request, response, user);
}

async function serve(
  backend: Backend,
  target: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
  user: User,
): Promise<void> {
  const { api } = backend;
  const { verb, kind, namespace, name, subresource, query } = target;
  const selection = {
    namespace,
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: [name === undefined ? null : `metadata.name=${name}`, query.get('fieldSelector')]
      .filter(Boolean)
      .join(','),
  };
  const asTable = wantsTable(request.headers.accept);
  const asMetadata = wantsMetadata(request.headers.accept);
  const table = (objects: readonly StoredObject[], resourceVersion: string): JsonObject =>
    tableOf(kind, objects, {
      now: api.now(),
      include: (query.get('includeObject') ?? 'Metadata') as Include,
      resourceVersion,
    });
  const present = (object: StoredObject): unknown => {
    if (asMetadata) return partial(object);
    return asTable && object.kind === kind.kind
      ? table(object.metadata.name ? [object] : [], object.metadata.resourceVersion)
      : object;
  };

  if (subresource !== undefined && (await serveSubresource(backend, target, request, response))) return;
  const write = { ...writeRequest(target, request, response), user };
  const at = { kind, name: name ?? '', namespace };
  switch (verb) {
    case 'get':
      sendJson(response, 200, subresource === 'scale' ? scaleOf(api.get(at)) : present(api.get(at)));
      return;
    case 'list': {
      const { items, resourceVersion } = api.list(kind, selection);
      if (asTable) sendJson(response, 200, table(items, resourceVersion));
      else if (asMetadata) {
        const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };
        sendJson(response, 200, { ...head, metadata: { resourceVersion }, items: items.map(partial) });
      } else {
        const head = {
          kind: `${kind.kind}List`,
          apiVersion: apiVersionOf(kind),
          metadata: { resourceVersion },
        };
        sendJson(response, 200, { ...head, items });
      }
      return;
    }
    case 'watch': {
      const options = { present, bookmarkMilliseconds: backend.bookmarkMilliseconds ?? 60_000 };
      streamWatch(api, { kind, selection, query }, response, options);
      return;
    }
    case 'create':
      sendJson(response, 201, present(api.create(kind, namespace, await readBody(request), write)));
      return;
    case 'update':
      sendJson(response, 200, present(api.update(at, await readBody(request), write)));
      return;
    case 'patch': {
      const { type, patch } = await readPatch(request, kind);
      sendJson(response, 200, present(api.patch(at, type, patch, write)));
      return;
    }
    case 'delete': {
      const options = { ...deletionRequest(objectAt(await readBody(request)), query), warn: write.warn };
      const { object, gone } = api.delete(at, options);
      sendJson(response, 200, gone ? deleted(target, object) : object);
      return;
    }
    default: {
      const options = { ...deletionRequest(objectAt(await readBody(request)), query), warn: write.warn };
      const { items, resourceVersion } = api.list(kind, selection);
      for (const { metadata } of items)
        api.delete({ kind, name: metadata.name, namespace: metadata.namespace }, options);
      sendJson(response, 200, {
        kind: `${kind.kind}List`,
        apiVersion: apiVersionOf(kind),
        metadata: { resourceVersion },
        items,
      });
    }
  }
}

/**
 * Answers a request for a subresource. Returns false if it is another view of the object (status, scale),
 * with the same verbs as the object.
 */
async function serveSubresource(
  backend: Backend,
  target: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { verb, kind, subresource, name = '', namespace = '' } = target;
  const isPod = kind.group === '' && kind.plural === 'pods';
  if (isPod && subresource === 'log') {
    if (verb !== 'get') throw methodNotAllowed();
    await sendLogs(backend, target, response);
    return true;
  }
  if (kind.group === '' && kind.plural === 'serviceaccounts' && subresource === 'token') {
    if (verb !== 'create') throw methodNotAllowed();
    sendJson(response, 201, backend.api.tokens.answer({ name, namespace }, await readBody(request)));
    return true;
  }
  if (isPod && subresource === 'exec') {
    backend.api.get({ kind, name: target.name ?? '', namespace: target.namespace });
    throw badRequest('exec needs a WebSocket (v5.channel.k8s.io): use kubectl 1.31 or newer');
  }
  if (isPod && subresource === 'proxy') {
    await proxyToPod(backend, target, request, response);
    return true;
  }
  if (isPod && subresource === 'portforward') throw noPortForward(backend.api, target);
  if (isPod && ['attach', 'eviction', 'ephemeralcontainers', 'binding'].includes(subresource ?? '')) {
    throw notImplemented(`pods/${subresource ?? ''}`);
  }
  const served = (subresource === 'status' && kind.status) || (subresource === 'scale' && kind.scale);
  if (!served) throw noSuchResource();
  if (!['get', 'update', 'patch'].includes(verb)) throw methodNotAllowed();
  return false;
}

function deleted({ kind }: ResourceRequest, { metadata }: StoredObject): JsonObject {
  const { name, uid } = metadata;
  const details = { name, ...(kind.group !== '' && { group: kind.group }), kind: kind.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = statusOf(error);
  const wait = status.details?.retryAfterSeconds;
  if (wait !== undefined) response.setHeader('retry-after', wait);
  // Close the connection if the body was not read, or its rest would be parsed as the next request.
  if (!response.req.complete) response.setHeader('connection', 'close');
  sendJson(response, status.code, status);
}
