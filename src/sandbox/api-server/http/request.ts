/** Reads method, path and body of a request. */
import type { IncomingMessage } from 'node:http';

import { load } from 'js-yaml';

import type { PatchType } from '#src/cluster/port.ts';

import type { Kind } from '../kind.ts';
import type { Registry } from '../registry.ts';
import { badRequest, methodNotAllowed, noSuchResource, tooLarge, unsupportedMediaType } from '../status.ts';
import { decodeProtobuf, protobufType } from './protobuf.ts';

export interface ResourceRequest {
  readonly verb: string;
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
}

/** Throws NotFound for an unknown path, MethodNotAllowed for a verb that the kind does not support. */
export function readTarget(registry: Registry, method: string, url: URL): ResourceRequest {
  const [root, ...steps] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const [group, version, ...path] = root === 'api' ? ['', ...steps] : steps;
  if ((root !== 'api' && root !== 'apis') || group === undefined || version === undefined)
    throw noSuchResource();
  const scoped =
    path[0] === 'namespaces' && path.length > 2 && path[2] !== 'status' && path[2] !== 'finalize';
  const [plural, name, subresource, ...more] = scoped ? path.slice(2) : path;
  const kind = registry.find(group, version, plural ?? '');
  const isProxy = plural === 'pods' && subresource === 'proxy';
  if (!kind || (more.length > 0 && !isProxy) || (scoped && !kind.namespaced)) throw noSuchResource();
  if (kind.namespaced && !scoped && name !== undefined) throw noSuchResource();
  const verb = verbOf(method, name !== undefined, url.searchParams);
  const namesNew = verb === 'create' && name !== undefined;
  if (verb === undefined || (subresource === undefined && (namesNew || !kind.verbs.includes(verb)))) {
    throw methodNotAllowed();
  }
  return { verb, kind, namespace: scoped ? path[1] : undefined, name, subresource, query: url.searchParams };
}

function verbOf(method: string, named: boolean, query: URLSearchParams): string | undefined {
  const watching = isTrue(query.get('watch'));
  const verbs: Readonly<Record<string, string | undefined>> = named
    ? { GET: watching ? 'watch' : 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete', POST: 'create' }
    : { GET: watching ? 'watch' : 'list', POST: 'create', DELETE: 'deletecollection' };
  return verbs[method];
}

export function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1';
}

/** Largest body in bytes: the real server's limit. */
const bodyLimit = 3 * 1024 * 1024;

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw tooLarge(bodyLimit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Returns the body as an object, or undefined if there is none. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return undefined;
  switch (mediaType(request)) {
    case 'application/json':
      return parse(() => JSON.parse(bytes.toString()));
    case 'application/yaml':
      return parse(() => load(bytes.toString()));
    case protobufType:
      return decodeProtobuf(bytes);
    default:
      throw unsupportedMediaType(['application/json', 'application/yaml', protobufType]);
  }
}

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** Throws UnsupportedMediaType for a strategic patch of a custom kind, as the real server does. */
export async function readPatch(
  request: IncomingMessage,
  kind: Kind,
): Promise<{ type: PatchType; patch: unknown }> {
  const accepted = Object.keys(patchTypes).filter(
    (it) => kind.custom === undefined || !it.includes('strategic'),
  );
  const media = mediaType(request);
  const type = patchTypes[media];
  if (type === undefined || !accepted.includes(media)) throw unsupportedMediaType(accepted);
  const text = (await readBytes(request)).toString();
  return { type, patch: parse(() => (type === 'apply' ? load(text) : JSON.parse(text))) };
}

function parse(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    throw badRequest(
      `the body of the request cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
