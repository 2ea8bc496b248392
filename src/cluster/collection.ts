/** Reads collections page by page, and streams the events of one watch connection. */
import type { IncomingMessage } from 'node:http';

import type { KubernetesObject, ListMeta, Stored } from '#src/api/kubernetes.ts';
import { apiVersionOf, type Resource } from '#src/api/resources.ts';
import { wordsOfPage } from '#src/domain/html-page.ts';

import { isStatus, senderOf, type Api, type AskFor } from './api.ts';
import { answerError, ClusterError, pageError } from './errors.ts';
import { AnswerTooLong, SilentConnection, type AnswerMemory } from './http.ts';
import type { Limits } from './limits.ts';
import type { ListResult, Page, Scope, WatchScope } from './port.ts';
import { checked, hasMetadata, present } from './present.ts';
import { query, resourcePath, type ApiRequest, type QueryValue } from './request.ts';
import { splitList, type SplitList } from './split-list.ts';

/** Ask the server for a PartialObjectMetadata in place of each object. */
const metadataTypes = {
  list: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  watch: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
} as const;

/** A list without its items. */
interface Answer {
  readonly kind?: string;
  readonly metadata: ListMeta;
}

/** Objects have at most 1.5 MB: pages of 500, of 62, and of 7, which always fit. */
const shrinkage = 8;
/** How often a list begins again after the server has dropped its version. */
const mostRestarts = 3;

type PageLimits = Pick<Limits, 'pageSize' | 'pageLength'>;

/** Resolves with all objects in `scope` as of one version. */
export async function listCollection<T extends KubernetesObject>(
  ask: AskFor,
  resource: Resource<T>,
  scope: WatchScope<T>,
  limits: PageLimits,
  signal?: AbortSignal,
): Promise<ListResult<T>> {
  const items: Stored<T>[] = [];
  let version = '';
  for await (const page of pagesOfCollection(ask, resource, scope, limits, signal)) {
    if (page.isFirst) items.length = 0;
    for (const item of page.items) items.push(item);
    version = page.resourceVersion;
  }
  return { items, resourceVersion: version };
}

/**
 * Yields all objects in `scope` as of one version, and asks for the next page while the caller reads one. Asks for smaller
 * pages if objects are large. If the server drops that version between two pages, lists again without pages, or with
 * pages if that would be too long.
 */
export async function* pagesOfCollection<T extends KubernetesObject>(
  ask: AskFor,
  resource: Resource<T>,
  scope: WatchScope<T>,
  { pageSize, pageLength }: PageLimits,
  signal?: AbortSignal,
): AsyncGenerator<Page<T>> {
  const complete = completer(resource, scope);
  // V8 would free the memory of a page only long after its items were read. The next page comes into the other one.
  let memory: AnswerMemory = { bytes: Buffer.alloc(0) };
  let otherMemory: AnswerMemory = { bytes: Buffer.alloc(0) };
  const left = new AbortController();
  let limit: number | undefined = pageSize;
  let next: string | undefined;
  let restarts = 0;
  const askForPage = async (until?: AbortSignal): Promise<{ answer: SplitList } | { error: unknown }> => {
    const request = {
      ...collectionRequest('list', resource, scope, { limit, continue: next }),
      // A page of one object is as long as the object.
      ...(limit !== 1 && { longest: pageLength }),
      memory,
    };
    const split = (json: Buffer) => splitList(json, { withoutManagedFields: scope.trim !== undefined });
    try {
      return { answer: await ask(request, split, until) };
    } catch (error) {
      return { error };
    }
  };
  try {
    let coming = askForPage(signal);
    for (;;) {
      const isFirst = next === undefined;
      const come = await coming;
      if ('error' in come) {
        if (come.error instanceof AnswerTooLong)
          limit = Math.max(1, Math.floor((limit ?? pageSize) / shrinkage));
        else if (isFirst || !isExpired(come.error) || restarts === mostRestarts) throw come.error;
        else {
          restarts += 1;
          limit = next = undefined;
        }
        coming = askForPage(signal);
        continue;
      }
      const { list, items } = come.answer;
      if (!isAnswer(list))
        throw new ClusterError('server', `the server's answer is not a list of ${resource.plural}`);
      if (scope.metadataOnly === true && list.kind !== 'PartialObjectMetadataList')
        throw wholeObjects(resource);
      const { resourceVersion, continue: further } = list.metadata;
      if (further !== undefined && further !== '' && further === next)
        throw new ClusterError(
          'server',
          `the server sends the same page of ${resource.plural} again and again`,
        );
      next = further === '' ? undefined : further;
      [memory, otherMemory] = [otherMemory, memory];
      if (next !== undefined)
        coming = askForPage(AbortSignal.any([left.signal, ...(signal ? [signal] : [])]));
      yield { items: completed(resource, items, complete), resourceVersion, isFirst };
      if (next === undefined) return;
    }
  } finally {
    left.abort();
    for (const { bytes } of [memory, otherMemory]) bytes.buffer.transfer(0);
  }
}

/** Parses each item when it is asked for it. Throws 'server' if one is not valid JSON. */
function* completed<T extends KubernetesObject>(
  { kind }: Resource<T>,
  items: Iterable<unknown>,
  complete: (object: Stored<T>) => Stored<T>,
): Generator<Stored<T>> {
  try {
    for (const item of items) yield complete(item as Stored<T>);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ClusterError('server', `the server sent a ${kind} that is not valid JSON`, { cause: error });
  }
}

export interface RawEvent<T extends KubernetesObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: Stored<T>;
}

/**
 * Yields the changes after `resourceVersion` until the server closes the connection or falls silent. Rejects
 * if the connection breaks or the server sends an ERROR.
 */
export async function* streamChanges<T extends KubernetesObject>(
  api: Api,
  resource: Resource<T>,
  scope: WatchScope<T>,
  resourceVersion: string,
  signal: AbortSignal,
): AsyncGenerator<RawEvent<T>> {
  const timeoutSeconds = 240 + Math.floor(api.limits.random() * 60);
  const request = collectionRequest('watch', resource, scope, {
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion,
    timeoutSeconds,
  });
  const message = await api.open(request, signal);
  const presented = completer(resource, scope);
  try {
    for await (const line of readLines(message)) {
      const page = wordsOfPage(line);
      if (page !== undefined) {
        const { statusCode: code = 0 } = message;
        throw pageError(request, { code, sender: senderOf(message) }, page, api.parties);
      }
      const event = JSON.parse(line) as { type: string; object: unknown };
      if (event.type === 'ERROR' || isStatus(event.object)) {
        const status = isStatus(event.object) ? event.object : undefined;
        throw answerError(request, { code: status?.code ?? 500, status }, api.parties);
      }
      const { type, object } = event as RawEvent<T>;
      if (scope.metadataOnly === true && object.kind !== 'PartialObjectMetadata') {
        throw wholeObjects(resource);
      }
      // A bookmark has only a version.
      yield { type, object: type === 'BOOKMARK' ? checked(resource, object) : presented(object) };
    }
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new ClusterError('server', `${api.parties.server} sent a watch event that is not valid JSON`, {
        cause: error,
      });
    }
    // Some servers send no bookmarks while nothing changes, so silence is no failure. If the server is gone,
    // the kernel or the next attempt will tell.
    if (error instanceof SilentConnection) return;
    throw api.toStashError(error);
  } finally {
    message.destroy();
  }
}

/** Returns true if the server no longer has the resource version that the client asked for. */
export function isExpired(error: unknown): boolean {
  return (
    error instanceof ClusterError &&
    (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone')
  );
}

function collectionRequest(
  verb: 'list' | 'watch',
  resource: Resource,
  scope: Scope,
  parameters: Readonly<Record<string, QueryValue>>,
): ApiRequest {
  const { namespace, labelSelector, fieldSelector, metadataOnly } = scope;
  return {
    verb,
    resource,
    namespace,
    path: resourcePath(resource, { namespace }) + query({ labelSelector, fieldSelector, ...parameters }),
    ...(metadataOnly === true && { accept: metadataTypes[verb] }),
  };
}

/** Adds apiVersion and kind: the server leaves them out in list items and in metadata-only answers. */
function completer<T extends KubernetesObject>(
  resource: Resource<T>,
  { metadataOnly, trim = (object) => object }: WatchScope<T>,
): (object: Stored<T>) => Stored<T> {
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return (object) =>
    trim(
      metadataOnly === true
        ? ({ ...type, metadata: checked(resource, object).metadata } as Stored<T>)
        : present(resource, object),
    );
}

function isAnswer(answer: unknown): answer is Answer {
  if (!hasMetadata(answer)) return false;
  const { items = null } = answer as { items?: unknown };
  return items === null || Array.isArray(items);
}

/**
 * The server ignored the request for metadata only. Whole objects may be a hundred times as large, so they
 * are refused.
 */
function wholeObjects(resource: Resource): ClusterError {
  return new ClusterError(
    'precondition',
    `the server sends whole ${resource.plural} although only metadata was requested`,
  );
}

/**
 * Yields whole lines. Reads the socket as fast as data arrives, however slow the consumer is: a server drops
 * a watch whose client does not read, and an unread connection would look silent.
 */
async function* readLines(message: IncomingMessage): AsyncGenerator<string> {
  let lines: string[] = [];
  let rest = '';
  let over: { error?: Error } | undefined;
  let wake = (): void => undefined;
  message.setEncoding('utf8');
  message.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    wake();
  });
  message.on('error', (error) => {
    over ??= { error };
    wake();
  });
  message.on('close', () => {
    over ??= {};
    wake();
  });
  for (;;) {
    const batch = lines;
    lines = [];
    for (const line of batch) if (line.trim() !== '') yield line;
    if (lines.length > 0) continue;
    if (over?.error) throw over.error;
    if (over) return;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}
