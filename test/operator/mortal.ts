/** A cluster and a clock that die together: what is asked of them then never ends, as for a process that is gone. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';

export interface Life {
  cluster(cluster: Cluster): Cluster;
  clock(clock: Clock): Clock;
  /** For good. */
  readonly end: () => void;
  /** Until `thaw`. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  isOver(): boolean;
}

export function mortal(): Life {
  const over = new AbortController();
  let frozen: PromiseWithResolvers<undefined> | undefined;
  const never = new Promise<never>(() => undefined);

  /** What comes back does so only to the living. */
  const alive = async <T>(work: Promise<T>): Promise<T> => {
    const settle = async () => {
      while (frozen !== undefined) await frozen.promise;
      if (over.signal.aborted) await never;
    };
    try {
      const result = await work;
      await settle();
      return result;
    } catch (error) {
      await settle();
      throw error;
    }
  };
  /** What is asked while frozen is asked afterwards, and never by the dead. */
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    await alive(Promise.resolve());
    return await alive(work());
  };

  return {
    isOver: () => over.signal.aborted,
    end() {
      over.abort();
    },
    freeze() {
      frozen ??= Promise.withResolvers();
    },
    thaw() {
      frozen?.resolve(undefined);
      frozen = undefined;
    },
    clock: (clock) => ({
      now: () => clock.now(),
      sleep: (milliseconds, signal) => {
        const signals = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
        return alive(clock.sleep(milliseconds, signals));
      },
    }),
    cluster: (cluster) => ({
      get: (...a) => ask(() => cluster.get(...a)),
      list: (...a) => ask(() => cluster.list(...a)),
      create: (...a) => ask(() => cluster.create(...a)),
      patch: (...a) => ask(() => cluster.patch(...a)),
      delete: (...a) => ask(() => cluster.delete(...a)),
      exec: (request) =>
        ask(() =>
          cluster.exec({ ...request, signal: AbortSignal.any([over.signal, request.signal ?? over.signal]) }),
        ),
      logs: (...a) => ask(() => cluster.logs(...a)),
      groups: () => ask(() => cluster.groups()),
      kinds: (...a) => ask(() => cluster.kinds(...a)),
      serverVersion: () => ask(() => cluster.serverVersion()),
      async *watch<T extends KubernetesObject>(
        resource: Resource<T>,
        scope: Scope,
        signal: AbortSignal,
      ): AsyncGenerator<WatchEvent<T>> {
        await alive(Promise.resolve());
        for await (const event of cluster.watch(resource, scope, AbortSignal.any([signal, over.signal]))) {
          await alive(Promise.resolve());
          yield event;
        }
        await alive(Promise.resolve());
      },
      close: () => {
        cluster.close();
      },
    }),
  };
}
