/** A watch that reconnects: it lists, follows changes, and lists again after any failure. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Clock } from '#src/domain/clock.ts';
import { isStashError } from '#src/errors.ts';

import { isExpired, type RawEvent } from './collection.ts';
import { isCertificateTrouble, isCutConnection } from './connection-errors.ts';
import { ClusterError } from './errors.ts';
import { backoffDelay, type Limits } from './limits.ts';
import type { ListResult, WatchEvent } from './port.ts';

export interface WatchSource<T extends KubernetesObject> {
  /** Makes one attempt. */
  list(signal: AbortSignal): Promise<ListResult<T>>;
  /** Ends when the server closes the connection; rejects if anything else ends it. */
  changes(resourceVersion: string, signal: AbortSignal): AsyncIterable<RawEvent<T>>;
}

/**
 * A starting server may refuse for a moment what it will grant later. This many refusals in a row are taken
 * as final.
 */
const maxRefusals = 3;

/**
 * Implements the port's `watch`. If the server closes a connection, the watch continues from the last
 * version; if the server no longer has that version, the watch lists again. The consumer notices neither. Any
 * other failure is reported once as `lost`, and ends with `listed`.
 */
export async function* watchCollection<T extends KubernetesObject>(
  source: WatchSource<T>,
  signal: AbortSignal,
  options: { readonly clock: Clock; readonly limits: Limits },
): AsyncGenerator<WatchEvent<T>> {
  const { clock, limits } = options;
  const state = { listed: false, lost: false, failures: 0, refusals: 0 };
  const stopped = () => signal.aborted;
  let version: string | undefined;
  while (!stopped()) {
    let opened: number | undefined;
    const settle = () => {
      if (opened !== undefined && clock.now().getTime() - opened >= limits.settled) state.failures = 0;
    };
    try {
      if (version === undefined) {
        const list = await source.list(signal);
        version = list.resourceVersion;
        state.listed = true;
        state.lost = false;
        yield { type: 'listed', items: list.items, resourceVersion: version };
      }
      opened = clock.now().getTime();
      for await (const { type, object } of source.changes(version, signal)) {
        if (stopped()) return;
        version = object.metadata.resourceVersion;
        state.refusals = 0;
        if (type !== 'BOOKMARK') yield { type: type === 'DELETED' ? 'deleted' : 'changed', object };
      }
      settle();
      // Connections that close at once, again and again, count as failures.
      if (state.failures++ > 0) await clock.sleep(backoffDelay(state.failures, limits), signal);
    } catch (error) {
      if (stopped()) return;
      if (isFinal(error, state)) throw error;
      settle();
      version = undefined;
      if (!state.lost && !isExpired(error)) {
        state.lost = true;
        yield { type: 'lost', why: error instanceof Error ? error.message : String(error) };
      }
      await clock.sleep(delayBefore(error, state.failures++, limits), signal);
    }
  }
}

function isFinal(error: unknown, state: { readonly listed: boolean; refusals: number }): boolean {
  if (isStashError(error, 'server', 'gone', 'conflict')) return false;
  if (isStashError(error, 'unreachable')) return !state.listed && isCertificateTrouble(error);
  if (!isStashError(error)) return true;
  return !state.listed || ++state.refusals > maxRefusals;
}

function delayBefore(error: unknown, failures: number, limits: Limits): number {
  if (failures === 0 && (isExpired(error) || isCutConnection(error))) return 0;
  const asked = error instanceof ClusterError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.max(backoffDelay(failures, limits), Math.min(asked, limits.maxRetryAfter));
}
