import { setTimeout } from 'node:timers/promises';

import type { Clock } from '#src/domain/clock.ts';

/**
 * The longest step of the machine's time that a fast clock takes at once, and how often it checks the time.
 */
const longestStepMs = 10;
const lookEveryMs = 5;

/**
 * Returns a clock that runs `times` as fast as the machine's, from now on; 1 is the machine's own. A faster
 * clock stops while this process is not scheduled, so that delays on a loaded machine do not look like
 * minutes.
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
        // The sleep was aborted.
      }
    },
  };
}
