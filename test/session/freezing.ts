/** Freezes an executor at a given write, as if its process had been stopped. */
import { selfSubjectAccessReviews, selfSubjectRulesReviews, type Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';
import type { KubernetesObject } from '#src/api/kubernetes.ts';

export interface Freezing {
  readonly cluster: Cluster;
  /** The writes in the order of their arrival: `create backupsessions`, `patch backupsessions/status`. */
  readonly writes: readonly string[];
  /** Resolves once the executor gets no more answers and none of its requests is in flight. */
  readonly frozen: Promise<void>;
  /** Delivers the pending answers and lets the executor go on. */
  thaw(): void;
}

export interface FreezePoint {
  /** The first write is 1. */
  readonly write: number;
  /** `before`: the write never reaches the server; `after`: the server carries it out, but its answer never arrives. */
  readonly when: 'before' | 'after';
}

/** They are created, but nothing is stored. */
const reviews = [selfSubjectAccessReviews.plural, selfSubjectRulesReviews.plural];

/** Without `at` it only counts the writes. */
export function freezing(inner: Cluster, at?: FreezePoint): Freezing {
  const writes: string[] = [];
  const thawed = Promise.withResolvers<undefined>();
  const frozen = Promise.withResolvers<undefined>();
  const underWay = new Set<Promise<unknown>>();
  let isFrozen = false;
  let isThawed = false;

  const freeze = () => {
    if (isFrozen) return;
    isFrozen = true;
    void Promise.allSettled(underWay).then(() => {
      frozen.resolve(undefined);
    });
  };
  const gate = async () => {
    if (isFrozen) await thawed.promise;
  };
  const read = async <T>(ask: () => Promise<T>): Promise<T> => {
    await gate();
    try {
      return await ask();
    } finally {
      await gate();
    }
  };
  const write = async <T>(what: string, resource: Resource, send: () => Promise<T>): Promise<T> => {
    await gate();
    if (reviews.includes(resource.plural)) return read(send);
    const index = writes.push(`${what} ${resource.plural}`);
    const last = at && (at.when === 'after' ? at.write : at.write - 1);
    if (last !== undefined && index > last && !isThawed) {
      if (at?.when === 'before') freeze();
      await thawed.promise;
    }
    const sent = send();
    underWay.add(sent);
    try {
      return await sent;
    } finally {
      underWay.delete(sent);
      if (index === last && at?.when === 'after') freeze();
      await gate();
    }
  };
  async function* watch<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: Scope,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    await gate();
    for await (const event of inner.watch(resource, scope, signal)) {
      await gate();
      yield event;
    }
    await gate();
  }

  return {
    writes,
    frozen: frozen.promise,
    thaw() {
      isFrozen = false;
      isThawed = true;
      thawed.resolve(undefined);
    },
    cluster: {
      ...inner,
      get: (...args) => read(() => inner.get(...args)),
      list: (...args) => read(() => inner.list(...args)),
      groups: () => read(() => inner.groups()),
      kinds: (...args) => read(() => inner.kinds(...args)),
      serverVersion: () => read(() => inner.serverVersion()),
      exec: (request) => read(() => inner.exec(request)),
      create: (resource, ...args) => write('create', resource, () => inner.create(resource, ...args)),
      patch: (resource, ...args) => write('patch', resource, () => inner.patch(resource, ...args)),
      delete: (resource, ...args) => write('delete', resource, () => inner.delete(resource, ...args)),
      watch,
    },
  };
}
