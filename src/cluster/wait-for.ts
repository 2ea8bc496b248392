/** Waits until what the API server holds answers a question. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { after, type Clock } from '#src/domain/clock.ts';

import { createLoop, type Loop } from './loop.ts';
import { notListed, observe, type Observed } from './observe.ts';
import { orUntil } from './or-until.ts';
import type { Cluster, Scope } from './port.ts';

export interface WaitEnvironment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/**
 * Observes a collection for as long as the wait lasts. The wait needs its first list, and rejects where the API server
 * refuses it; it does without the list of an optional collection, and goes on where the API server refuses that one.
 */
export type Watch = <T extends KubernetesObject>(
  resource: Resource<T>,
  scope: Scope,
  options?: { readonly optional?: boolean },
) => Observed<T>;

/** `until`: the question is asked again at the next change, or at this time. */
export type Answer<R> = { readonly result: R } | { readonly until: Date };

interface Required {
  readonly resource: Resource;
  readonly observed: Observed<KubernetesObject>;
}

/**
 * `begin` starts the watches and returns the question; resolves with the first result that this gives. `listWithinMs`
 * limits the wait for the first lists; left out: no limit. Rejects with 'timed-out' where a first list did not come in
 * that time, with 'interrupted' once `signal` aborts, and as the question and the watches do.
 */
export async function waitFor<R>(
  { cluster, clock, signal, listWithinMs }: WaitEnvironment & { readonly listWithinMs?: number },
  begin: (watch: Watch) => (now: Date) => Answer<R> | Promise<Answer<R>>,
): Promise<R> {
  using loop = createLoop(clock, signal);
  const required: Required[] = [];
  const ask = begin((resource, scope, { optional = false } = {}) => {
    const observed = observe(cluster, resource, scope, loop.signal, loop.ring);
    if (!optional) required.push({ resource, observed });
    return observed;
  });
  await firstLists(required, { loop, clock, listWithinMs });
  for (;;) {
    const failure = required.map(({ observed }) => observed.failure()).find((each) => each !== undefined);
    if (failure) throw failure;
    const answer = await ask(clock.now());
    if ('result' in answer) return answer.result;
    await loop.wait(answer.until);
  }
}

async function firstLists(
  required: readonly Required[],
  { loop, clock, listWithinMs }: { loop: Loop; clock: Clock; listWithinMs: number | undefined },
): Promise<void> {
  const all = Promise.all(required.map(({ observed }) => observed.synced));
  if (listWithinMs === undefined) {
    await loop.race(all);
    return;
  }
  await loop.race(orUntil(clock, after(clock, listWithinMs), all));
  const missing = required.find(({ observed }) => !observed.isSynced());
  if (missing) throw notListed(missing.resource, listWithinMs, missing.observed.lost());
}
