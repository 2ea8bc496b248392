/** Waiting with a time limit. */
import type { Clock } from '#src/domain/clock.ts';

/** Resolves when `work` does, or at the time `until`; rejects if `work` rejects first. */
export async function orUntil(clock: Clock, until: Date, work: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const left = Math.max(0, until.getTime() - clock.now().getTime());
  const late = clock
    .sleep(left, ended.signal)
    .then(oneTurn)
    .then(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ended.abort();
  }
}

/** A process that was stopped finds its time over and the answer there, and Node looks at the time first. */
function oneTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
