/** Waits for work, but no longer than until a time. */
import type { Clock } from '#src/domain/clock.ts';

/**
 * Resolves with true when `work` is done, with false where `until` comes first: `work` then goes on by itself. Rejects
 * where `work` does before `until`.
 */
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
