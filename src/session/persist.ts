/** Writes that are repeated until the server has answered them. */
import type { Clock } from '#src/domain/clock.ts';
import { isStashError, StashError } from '#src/errors.ts';

const firstPauseMs = 250;
const longestPauseMs = 8_000;
/** A server that starts may refuse for a moment what it will grant; so many refusals in a row are meant. */
const refusalsForgiven = 3;

export interface Patience {
  /** Left out: for ever. */
  readonly until?: Date | undefined;
  /** Told each time that it has to be tried again. */
  readonly onTrouble?: (error: StashError) => void;
}

/** Repeats `write` while no answer came or the server was in trouble; every other error is the caller's. */
export async function persist<T>(
  clock: Clock,
  signal: AbortSignal,
  write: () => Promise<T>,
  { until, onTrouble }: Patience = {},
): Promise<T> {
  let forgiven = 0;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      return await write();
    } catch (error) {
      if (isStashError(error, 'unreachable', 'server')) forgiven = refusalsForgiven;
      else if (!isStashError(error, 'forbidden') || forgiven-- === 0) throw error;
      const left = until ? until.getTime() - clock.now().getTime() : Infinity;
      if (left <= 0) throw error;
      onTrouble?.(error);
      await clock.sleep(Math.min(pause, left), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** Whether a creation that `persist` gave up will not come true any more: forbidden, nonsense, or out of time. */
export function isFinalRefusal(error: unknown): error is StashError {
  return isStashError(error, 'forbidden', 'invalid', 'not-found', 'unreachable', 'server');
}

/** Names that have the second in them are free again in the next one. Rejects with 'interrupted'. */
export async function untilNextSecond(clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(1_000 - (clock.now().getTime() % 1_000), signal);
  if (signal.aborted) throw new StashError('interrupted', 'interrupted');
}
