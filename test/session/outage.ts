/** A connection that a test can cut and restore. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';
import { StashError } from '#src/errors.ts';

export interface Outage {
  readonly cluster: Cluster;
  readonly begin: () => void;
  readonly end: () => void;
}

const refused = 'unreachable server https://demo: connection refused';

export function outage(inner: Cluster): Outage {
  let lost = new AbortController();
  let restored = Promise.withResolvers<undefined>();

  const ask = <T>(send: () => Promise<T>): Promise<T> =>
    lost.signal.aborted ? Promise.reject(new StashError('unreachable', refused)) : send();

  async function* watch<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: Scope,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const stopped = () => signal.aborted;
    while (!stopped()) {
      yield* inner.watch(resource, scope, AbortSignal.any([signal, lost.signal]));
      if (stopped()) return;
      yield { type: 'lost', why: refused };
      await restored.promise;
    }
  }

  return {
    cluster: {
      ...inner,
      get: (...args) => ask(() => inner.get(...args)),
      list: (...args) => ask(() => inner.list(...args)),
      create: (...args) => ask(() => inner.create(...args)),
      patch: (...args) => ask(() => inner.patch(...args)),
      delete: (...args) => ask(() => inner.delete(...args)),
      watch,
    },
    begin() {
      restored = Promise.withResolvers();
      lost.abort();
    },
    end() {
      lost = new AbortController();
      restored.resolve(undefined);
    },
  };
}
