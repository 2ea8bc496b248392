/** Waiting that has an end. */
import type { Clock } from '#src/domain/clock.ts';

/** False: `work` was not done after `milliseconds`; it goes on by itself. */
export async function inTime(clock: Clock, milliseconds: number, work: Promise<void>): Promise<boolean> {
  const done = new AbortController();
  const late = clock.sleep(milliseconds, done.signal).then(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    done.abort();
  }
}
