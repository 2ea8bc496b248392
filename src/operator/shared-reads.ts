/** What many sessions of a namespace read when they begin at the same time is asked for once for all of them. */
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { readerOf, volumeReader, type CommonReads } from '#src/session/plan/namespace-reader.ts';

/** The reads for a session of this namespace; each tells what was there after it was asked, not before. */
export type SharedReads = (namespace: string) => CommonReads;

/**
 * Milliseconds from one read to the next of the same things. Where hundreds stand in line, somebody begins all the time:
 * it waits that long rather than have all the claims of its namespace sent for itself alone.
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
 * One read at a time, and `apartMs` from the begin of one to that of the next: whoever asks meanwhile joins the next, with
 * everybody who has come until then.
 */
export function joined<T>(
  read: () => Promise<T>,
  { clock, apartMs }: { readonly clock: Clock; readonly apartMs: number },
): () => Promise<T> {
  /** Ends with the read that goes on, and keeps nothing of what it told. */
  let current = Promise.resolve();
  let next: Promise<T> | undefined;
  let began: number | undefined;
  const begin = async () => {
    const wait = began === undefined ? 0 : began + apartMs - clock.now().getTime();
    // A clock that is set back is no reason to wait longer.
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
  // What it told is for those who asked.
}
