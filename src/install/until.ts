/** Waits on a watch, with a timeout. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Scope } from '#src/cluster/port.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';

export interface Waiting extends WaitEnvironment {
  readonly timeoutMs: number;
}

/** What the API server holds, and whether that is what was waited for. */
interface Left<T extends KubernetesObject> {
  readonly done: boolean;
  readonly items: Stored<T>[];
}

/**
 * Waits until `done` returns true for the objects that the server holds, or until the timeout. Resolves with
 * the objects as last seen. Throws 'interrupted', the server's error if it refuses the watch, or an error if
 * not even the first list arrived before the timeout.
 */
export async function until<T extends KubernetesObject>(
  { timeoutMs, ...environment }: Waiting,
  resource: Resource<T>,
  scope: Scope,
  done: (items: Stored<T>[]) => boolean,
): Promise<Left<T>> {
  const end = after(environment.clock, timeoutMs);
  return waitFor<Left<T>>({ ...environment, listWithinMs: timeoutMs }, (watch) => {
    const observed = watch(resource, scope);
    return (now) => {
      const items = [...observed.items.values()];
      if (done(items)) return { result: { done: true, items } };
      return now < end ? { until: end } : { result: { done: false, items } };
    };
  });
}
