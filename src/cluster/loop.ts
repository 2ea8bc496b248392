/** The frame of a loop that decides by state: what ends it, and what wakes it. */
import { setImmediate } from 'node:timers/promises';

import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';

export interface Loop extends Disposable {
  /** For all that the loop starts: aborts when the loop is left, for whatever reason. */
  readonly signal: AbortSignal;
  /** Something may have changed. However often it rings while nobody waits, it wakes once. */
  readonly ring: () => void;
  /** The result of `work`, unless the loop has to end first: then it rejects with the reason. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Until it rings, or `until` has come. */
  wait(until: Date): Promise<void>;
}

/** `lost` aborts, with a StashError as its reason, when the session is no longer ours to carry out. */
export function createLoop(clock: Clock, signal: AbortSignal, lost?: AbortSignal): Loop {
  const left = new AbortController();
  const any = AbortSignal.any([signal, left.signal, ...(lost ? [lost] : [])]);
  let bell = Promise.withResolvers<undefined>();

  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  const end = () => {
    ended.reject(lost?.aborted === true ? lost.reason : new StashError('interrupted', 'interrupted'));
  };
  if (any.aborted) end();
  else any.addEventListener('abort', end, { once: true });

  const race = <T>(work: Promise<T>) => Promise.race([ended.promise, work]);

  return {
    signal: any,
    ring: () => {
      bell.resolve(undefined);
    },
    race,
    wait: async (until) => {
      const slept = new AbortController();
      const pause = clock.sleep(
        until.getTime() - clock.now().getTime(),
        AbortSignal.any([any, slept.signal]),
      );
      await race(Promise.race([bell.promise, pause]));
      slept.abort();
      // What one packet brings is a ring for each of its changes: they are looked at together.
      await race(setImmediate());
      bell = Promise.withResolvers();
    },
    [Symbol.dispose]: () => {
      left.abort();
    },
  };
}
