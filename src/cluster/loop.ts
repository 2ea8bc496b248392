/** The frame of a loop that decides by state: what ends it and what wakes it. */
import { setImmediate } from 'node:timers/promises';

import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';

export interface Loop extends Disposable {
  /** For everything that the loop starts: aborts when the loop ends, for any reason. */
  readonly signal: AbortSignal;
  /** Wakes the loop because something may have changed. Several calls before the next `wait` wake it once. */
  readonly ring: () => void;
  /** Resolves with the result of `work`. Rejects with the loop's reason if the loop has to end first. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Resolves at the next `ring`, or at the time `until`. */
  wait(until: Date): Promise<void>;
}

/** `lost` aborts, with a StashError as its reason, when this process no longer holds the session. */
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
      // One packet may bring several changes: let all of them ring before the loop looks.
      await race(setImmediate());
      bell = Promise.withResolvers();
    },
    [Symbol.dispose]: () => {
      left.abort();
    },
  };
}
