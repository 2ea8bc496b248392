/** Repeats requests until the API server has answered them. */
import type { Clock } from '#src/domain/clock.ts';
import { isStashError, StashError } from '#src/errors.ts';

const firstPauseMs = 250;
const longestPauseMs = 8_000;
/** After an outage, an API server may answer 'forbidden' before it has loaded all roles: retry so many times. */
const refusalsForgiven = 3;

export interface Patience {
  /** When to give up; left out: never. */
  readonly until?: Date | undefined;
  /** Called before each retry. */
  readonly onTrouble?: (error: StashError) => void;
}

/**
 * Repeats `write` while the API server is unreachable or fails ('unreachable', 'server'), until `until` or `signal`;
 * then rejects with the last error. Rejects with any other error at once.
 */
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

/** Whether a creation that `persist` gave up has failed for good: forbidden, invalid, or out of time. */
export function isFinalRefusal(error: unknown): error is StashError {
  return isStashError(error, 'forbidden', 'invalid', 'not-found', 'unreachable', 'server');
}

/** Names that contain the second of their creation are free again in the next second. Rejects with 'interrupted'. */
export async function untilNextSecond(clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(1_000 - (clock.now().getTime() % 1_000), signal);
  if (signal.aborted) throw new StashError('interrupted', 'interrupted');
}
