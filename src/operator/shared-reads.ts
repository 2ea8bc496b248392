/** What many sessions of a namespace read when they begin at the same time is asked for once for all of them. */
import type { Cluster } from '#src/cluster/port.ts';
import { lookAround, type CommonReads } from '#src/session/surroundings.ts';

/** The reads for a session of this namespace; each tells what was there after it was asked, not before. */
export type SharedReads = (namespace: string) => CommonReads;

export function shareReads(cluster: Cluster): SharedReads {
  const namespaces = new Map<string, CommonReads>();
  // Cluster-scoped: the same whatever the namespace.
  const snapshotClasses = joined(() => lookAround(cluster, '').snapshotClasses());
  const volumes = joined(() => lookAround(cluster, '').volumes());
  return (namespace) => {
    const known = namespaces.get(namespace);
    if (known) return known;
    const claims = joined(() => lookAround(cluster, namespace).claims());
    const reads = { claims, snapshotClasses, volumes };
    namespaces.set(namespace, reads);
    return reads;
  };
}

/** One read at a time: whoever asks while one goes on joins the next, with everybody who has come until then. */
export function joined<T>(read: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    if (next) return next;
    const begin = () => {
      next = undefined;
      return read();
    };
    next = current.then(begin, begin);
    current = next;
    return next;
  };
}
