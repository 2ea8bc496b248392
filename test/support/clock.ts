import { setImmediate } from 'node:timers/promises';

import type { Clock } from '#src/domain/clock.ts';

export interface ManualClock extends Clock {
  /**
   * Moves time forward. Each sleep ends at its own time, and the code that it wakes runs before the next
   * sleep ends.
   */
  advance(milliseconds: number): Promise<void>;
  /** Returns the number of pending sleeps. */
  sleepers(): number;
}

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** Returns a clock that only the test moves. */
export function manualClock(start: Date | string = '2026-03-14T03:00:00Z'): ManualClock {
  let now = new Date(start).getTime();
  const sleepers = new Set<Sleeper>();

  return {
    now: () => new Date(now),
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (milliseconds <= 0 || signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper = {
          until: now + milliseconds,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        signal?.addEventListener('abort', sleeper.wake);
        sleepers.add(sleeper);
      }),
    sleepers: () => sleepers.size,
    advance: async (milliseconds) => {
      const end = now + milliseconds;
      for (;;) {
        await settle();
        const next = [...sleepers].sort((one, other) => one.until - other.until)[0];
        if (!next || next.until > end) break;
        now = next.until;
        next.wake();
      }
      now = end;
    },
  };
}

/** Lets all pending callbacks run. */
async function settle(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
