/** Waits on a watch, with a timeout. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { notListed, observe } from '#src/cluster/observe.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';

export interface Waiting {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Waits until `done` returns true for the objects that the server holds, or until the timeout. Resolves with
 * the objects as last seen. Throws 'interrupted', the server's error if it refuses the watch, or an error if
 * not even the first list arrived before the timeout.
 */
export async function until<T extends KubernetesObject>(
  { cluster, clock, signal, timeoutMs }: Waiting,
  resource: Resource<T>,
  scope: Scope,
  done: (items: Stored<T>[]) => boolean,
): Promise<{ readonly done: boolean; readonly items: Stored<T>[] }> {
  const end = new Date(clock.now().getTime() + timeoutMs);
  using loop = createLoop(clock, signal);
  const observed = observe(cluster, resource, scope, loop.signal, loop.ring);
  await loop.race(orUntil(clock, end, observed.synced));
  for (;;) {
    const failure = observed.failure();
    if (failure) throw failure;
    const items = [...observed.items.values()];
    if (observed.isSynced() && done(items)) return { done: true, items };
    if (clock.now() >= end && !observed.isSynced()) throw notListed(resource, timeoutMs, observed.lost());
    if (clock.now() >= end) return { done: false, items };
    await loop.wait(end);
  }
}
