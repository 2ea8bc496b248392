/** Waiting with a time limit. */
import type { Clock } from '#src/domain/clock.ts';

/** Resolves when `work` does, or at the time `until`; rejects if `work` rejects first. */
export async function orUntil(clock: Clock, until: Date, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const late = clock.sleep(Math.max(0, until.getTime() - clock.now().getTime()), ended.signal);
  try {
    await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}
