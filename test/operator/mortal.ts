/** Wraps the cluster and the clock of a simulated process; after its end, none of its requests and timers ever returns. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent, WatchScope } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';

export interface Life {
  cluster(cluster: Cluster): Cluster;
  clock(clock: Clock): Clock;
  /** As SIGKILL. */
  readonly end: () => void;
  /** As SIGSTOP, until `thaw`. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  isOver(): boolean;
}

export function mortal(): Life {
  const over = new AbortController();
  let frozen: PromiseWithResolvers<undefined> | undefined;
  const never = new Promise<never>(() => undefined);

  /** Returns a result only while the process runs. */
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
  /** Sends a request only while the process runs: after `thaw` if it is frozen, never after its end. */
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
      async *pages<T extends KubernetesObject>(resource: Resource<T>, scope?: WatchScope<T>) {
        for await (const page of cluster.pages(resource, scope)) {
          await alive(Promise.resolve());
          yield page;
        }
      },
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
