import { setTimeout } from 'node:timers/promises';

import type { Clock } from '#src/domain/clock.ts';

/** Of a fast clock, so much of the machine's time passes in one step at most, and it is looked at so often. */
const longestStepMs = 10;
const lookEveryMs = 5;

/**
 * A clock that goes `times` as fast as the machine's, from now on; 1 is the machine's own. A faster one stands while
 * this process is kept from running: what a loaded machine delays must not look like minutes.
 */
export function scaledClock(times = 1): Clock {
  const isFast = times > 1;
  let seen = Date.now();
  let time = seen;
  const now = () => {
    const before = seen;
    seen = Date.now();
    time += (isFast ? Math.min(seen - before, longestStepMs) : seen - before) * times;
    return time;
  };
  return {
    now: () => new Date(now()),
    sleep: async (milliseconds, signal) => {
      const until = now() + milliseconds;
      try {
        do {
          const left = Math.max(0, (until - now()) / times);
          await setTimeout(isFast ? Math.min(left, lookEveryMs) : left, undefined, signal && { signal });
        } while (isFast && now() < until);
      } catch {
        // Aborted: the sleep is over.
      }
    },
  };
}
