/** Clocks that advance by themselves, for programs that run against a real server. */
import type { Clock } from '#src/domain/clock.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

/** Sleeps shorter than `limit` milliseconds end at once and advance the time; longer ones last until their abort. */
export function hastyClock(start: Date = new Date(), limit = 5_000): Clock {
  let now = start.getTime();
  return {
    now: () => new Date(now),
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true || milliseconds < limit) {
          if (signal?.aborted !== true) now += Math.max(0, milliseconds);
          setImmediate(resolve);
          return;
        }
        signal?.addEventListener('abort', () => {
          resolve();
        });
      }),
  };
}

/** Runs so many times as fast as the machine's clock. */
export function fastClock(start: Date = new Date(), speed = 200): Clock {
  const clock = scaledClock(speed);
  const ahead = start.getTime() - clock.now().getTime();
  return {
    now: () => new Date(clock.now().getTime() + ahead),
    sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
  };
}
