/** Waits until what the API server holds answers a question. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { createLoop, type Loop } from './loop.ts';
import { notListed, observe, type Observed } from './observe.ts';
import { orUntil } from './or-until.ts';
import { tellOutages } from './outage.ts';
import type { Cluster, Scope } from './port.ts';
import { orTellSlow, slowAnswerMs } from './slow-answer.ts';

export interface WaitEnvironment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** Tells the user, or the log, what the program waits for; one line. */
  readonly tell: (line: string) => void;
  /** When the command's limit passes; left out: it has none. */
  readonly until?: Date | undefined;
}

/** Left to itself, a wait for the first lists ends after so long. */
const longestListMs = 10 * 60_000;

/**
 * Observes a collection for as long as the wait lasts. The wait needs its first list, and rejects if the API server
 * refuses it; it does without the list of an optional collection, and goes on if the API server refuses that one.
 */
export type Watch = <T extends KubernetesObject>(
  resource: Resource<T>,
  scope: Scope,
  options?: { readonly optional?: boolean },
) => Observed<T>;

/** `until`: the question is asked again at the next change, or at this time. */
export type Answer<R> = { readonly result: R } | { readonly until: Date };

export interface Required {
  readonly resource: Resource;
  readonly observed: Observed<KubernetesObject>;
}

/**
 * `begin` starts the watches and returns the question; resolves with the first result that this gives. `listWithinMs`
 * limits the wait for the first lists; left out: ten minutes. Rejects with 'timed-out' if a first list did not come in
 * that time, with 'interrupted' once `signal` aborts, and as the question and the watches do.
 */
export async function waitFor<R>(
  environment: WaitEnvironment & { readonly listWithinMs?: number },
  begin: (watch: Watch) => (now: Date) => Answer<R> | Promise<Answer<R>>,
): Promise<R> {
  const { cluster, clock, signal, tell, listWithinMs = longestListMs } = environment;
  using loop = createLoop(clock, signal);
  const required: Required[] = [];
  const ask = begin((resource, scope, { optional = false } = {}) => {
    const observed = observe(cluster, resource, scope, loop.signal, loop.ring);
    if (!optional) required.push({ resource, observed });
    return observed;
  });
  await firstLists(required, { loop, clock, tell, listWithinMs });
  const outage = tellOutages();
  for (;;) {
    const failure = required.map(({ observed }) => observed.failure()).find((each) => each !== undefined);
    if (failure) throw failure;
    const lost = required.find(({ observed }) => observed.lost() !== undefined);
    const why = lost && `cannot follow ${lost.resource.plural}: ${lost.observed.lost() ?? ''}`;
    const answer = await orOutage(why, () => ask(clock.now()));
    if ('result' in answer) return answer.result;
    const told = outage(why, clock.now());
    if (told.why !== undefined) tell(`${told.why}; trying again`);
    await loop.wait(told.until !== undefined && told.until < answer.until ? told.until : answer.until);
  }
}

/** Adds to the words of a time-out that the question was answered by what the API server held before an outage. */
async function orOutage<R>(why: string | undefined, ask: () => R | Promise<R>): Promise<R> {
  try {
    return await ask();
  } catch (error) {
    if (why === undefined || !isStashError(error, 'timed-out')) throw error;
    throw new StashError('timed-out', `${error.message}; ${why}`, { hint: error.hint, cause: error });
  }
}

/** Resolves once each has its first list; tells after 5 s which one is missing, and why. Rejects with 'timed-out'. */
export async function firstLists(
  required: readonly Required[],
  {
    loop,
    clock,
    tell,
    listWithinMs,
  }: Pick<WaitEnvironment, 'clock' | 'tell'> & { readonly loop: Loop; readonly listWithinMs: number },
): Promise<void> {
  const all = Promise.all(required.map(({ observed }) => observed.synced));
  const missing = () => required.find(({ observed }) => !observed.isSynced());
  const slow = {
    afterMs: slowAnswerMs,
    tell: (words: string) => {
      const { resource, observed } = missing() ?? {};
      if (resource) tell(`still waiting for the list of ${resource.plural}: ${observed?.lost() ?? words}`);
    },
  };
  const listed = loop.race(orUntil(clock, after(clock, listWithinMs), all));
  await orTellSlow(clock, loop.signal, slow, listed);
  const late = missing();
  if (late) throw notListed(late.resource, listWithinMs, late.observed.lost());
}
