/** Shares the reads of sessions that begin in one namespace at the same time: one request serves all of them. */
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { readerOf, volumeReader, type CommonReads } from '#src/session/plan/namespace-reader.ts';

/** The reads for a session of this namespace; each result is at least as new as the call. */
export type SharedReads = (namespace: string) => CommonReads;

/**
 * Milliseconds between the starts of two reads of the same objects. While hundreds of sessions are queued, new ones
 * begin all the time: each waits up to this long rather than list all claims of its namespace for itself.
 */
const apartMs = 1_000;

export function shareReads(cluster: Cluster, clock: Clock): SharedReads {
  const shared = <T>(read: () => Promise<T>) => joined(read, { clock, apartMs });
  const namespaces = new Map<string, CommonReads>();
  // Cluster-scoped: the same whatever the namespace.
  const snapshotClasses = shared(() => readerOf(cluster, '').snapshotClasses());
  const volumes = shared(() => readerOf(cluster, '').volumes());
  const volume = volumeReader(cluster);
  return (namespace) => {
    const known = namespaces.get(namespace);
    if (known) return known;
    const claims = shared(() => readerOf(cluster, namespace).claims());
    const reads = { claims, snapshotClasses, volumes, volume };
    namespaces.set(namespace, reads);
    return reads;
  };
}

/**
 * Returns a function that runs `read` at most once at a time, with at least `apartMs` between two starts. Calls that
 * arrive in between share the next read.
 */
export function joined<T>(
  read: () => Promise<T>,
  { clock, apartMs }: { readonly clock: Clock; readonly apartMs: number },
): () => Promise<T> {
  /** Settles with the running read, without keeping its result in memory. */
  let current = Promise.resolve();
  let next: Promise<T> | undefined;
  let began: number | undefined;
  const begin = async () => {
    const wait = began === undefined ? 0 : began + apartMs - clock.now().getTime();
    // A clock that is set back must not prolong the wait.
    if (wait > 0) await clock.sleep(Math.min(wait, apartMs));
    next = undefined;
    began = clock.now().getTime();
    return read();
  };
  return () => {
    if (next) return next;
    const asked = current.then(begin);
    next = asked;
    current = asked.then(nothing, nothing);
    return asked;
  };
}

function nothing(): void {
  // The callers get the result or the error.
}
