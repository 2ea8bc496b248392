/** Streams a watch over HTTP: one JSON event per line, until the client leaves or the timeout passes. */
import type { ServerResponse } from 'node:http';

import { apiVersionOf } from '#src/api/resources.ts';
import { startTimer } from '#src/sandbox/timer.ts';

import type { Api } from '../api.ts';
import type { Kind } from '../kind.ts';
import type { StoredObject } from '../object.ts';
import type { Selection } from '../selectors.ts';
import { badRequest, statusOf } from '../status.ts';
import { isTrue } from './request.ts';

export interface WatchStreamOptions {
  /** Converts an object into the requested form: as it is, or as a table row. */
  readonly present: (object: StoredObject) => unknown;
  readonly bookmarkMilliseconds: number;
}

/** Half an hour, the real server's shortest timeout; clients reconnect after it. */
const defaultTimeoutSeconds = 1800;

/**
 * Starts to stream the watch into the response. Throws BadRequest for an invalid version; later errors are
 * ERROR events.
 */
export function streamWatch(
  api: Api,
  target: { kind: Kind; selection: Selection; query: URLSearchParams },
  response: ServerResponse,
  options: WatchStreamOptions,
): void {
  const { kind, selection, query } = target;
  const from = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(from)) throw badRequest(`invalid resource version "${from}"`);
  const bookmarks = isTrue(query.get('allowWatchBookmarks'));
  const initialEvents = isTrue(query.get('sendInitialEvents'));
  const fromNow = api.list(kind, selection);

  const send = (type: string, object: unknown): void => {
    // The timeout has ended the answer, but a client that reads slowly keeps the connection open.
    if (response.writableEnded) return;
    response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = {
      resourceVersion: String(api.store.version()),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    };
    send('BOOKMARK', options.present({ apiVersion: apiVersionOf(kind), kind: kind.kind, metadata } as never));
  };

  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const startsWithList = initialEvents || from === '' || from === '0';
  if (startsWithList && query.get('sendInitialEvents') !== 'false') {
    for (const item of fromNow.items) send('ADDED', options.present(item));
    if (initialEvents && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' });
  }
  try {
    const start = Number(startsWithList ? fromNow.resourceVersion : from);
    const stop = api.watch(kind, selection, start, ({ type, object }) => {
      send(type, options.present(object));
    });
    const seconds = Number(query.get('timeoutSeconds') ?? defaultTimeoutSeconds);
    const timeout = startTimer(seconds * 1000, () => response.end()).unref();
    const interval = bookmarks ? setInterval(bookmark, options.bookmarkMilliseconds).unref() : undefined;
    response.once('close', () => {
      stop();
      clearTimeout(timeout);
      clearInterval(interval);
    });
  } catch (error) {
    send('ERROR', statusOf(error));
    response.end();
  }
}
