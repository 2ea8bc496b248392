/** Waiting with a time limit. */
import type { Clock } from '#src/domain/clock.ts';

/** Resolves when `work` does, or at the time `until`; rejects if `work` rejects first. */
export async function orUntil(clock: Clock, until: Date, work: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const left = Math.max(0, until.getTime() - clock.now().getTime());
  const late = clock.sleep(left, ended.signal).then(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ended.abort();
  }
}
