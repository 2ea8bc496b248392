/** Waiting by a watch, with an end. */
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
 * Resolves with what is left once `done` says so of what the server holds, or, undone, when the time is over.
 * Rejects with 'interrupted', or where the server refuses to be watched.
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
