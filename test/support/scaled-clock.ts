import { setTimeout } from 'node:timers/promises';

import type { Clock } from '#src/domain/clock.ts';

/** A clock that goes `times` as fast as the machine's, from now on; 1 is the machine's own. */
export function scaledClock(times = 1): Clock {
  const began = Date.now();
  return {
    now: () => new Date(began + (Date.now() - began) * times),
    sleep: async (milliseconds, signal) => {
      try {
        await setTimeout(Math.max(0, milliseconds / times), undefined, signal && { signal });
      } catch {
        // Aborted: the sleep is over.
      }
    },
  };
}
