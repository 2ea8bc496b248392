/** Repeats requests until the API server has answered them. */
import { orUntil } from '#src/cluster/or-until.ts';
import { orTellSlow, slowAnswerMs } from '#src/cluster/slow-answer.ts';
import type { WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { isStashError, StashError } from '#src/errors.ts';

const firstPauseMs = 250;
const longestPauseMs = 8_000;
/**
 * How often to retry after 'forbidden': after an outage, an API server may answer so before it has loaded all roles.
 */
const refusalsForgiven = 3;

/** How long to repeat a request by default. By default, a session may not take longer either. */
const longestMs = 10 * 60_000;

export type PersistEnvironment = Pick<WaitEnvironment, 'clock' | 'signal' | 'tell' | 'until'>;

export interface Patience {
  /** When to give up. Default: `until` of the environment, else ten minutes after the first attempt. */
  readonly until?: Date | undefined;
  /** Called before each retry, and once if an answer takes long. If left out, prints a message after 5 s. */
  readonly onTrouble?: (error: Pick<StashError, 'message'>) => void;
}

/**
 * Repeats `write` while the API server is unreachable or fails ('unreachable', 'server'), until `until` or `signal`;
 * then rejects with the last error. Rejects with any other error at once.
 */
export async function persist<T>(
  environment: PersistEnvironment,
  write: () => Promise<T>,
  { until, onTrouble }: Patience = {},
): Promise<T> {
  const { clock, signal, tell } = environment;
  let last: StashError | undefined;
  const slow = {
    afterMs: slowAnswerMs,
    tell: (words: string) => {
      if (!onTrouble) tell(`still waiting: ${last?.message ?? words}`);
      else if (!last) onTrouble({ message: words });
    },
  };
  const work = repeat(environment, write, {
    until: until ?? environment.until ?? after(clock, longestMs),
    onTrouble: (error) => {
      last = error;
      onTrouble?.(error);
    },
  });
  return await orTellSlow(clock, signal, slow, work);
}

async function repeat<T>(
  { clock, signal }: PersistEnvironment,
  write: () => Promise<T>,
  { until, onTrouble }: { readonly until: Date; readonly onTrouble: (error: StashError) => void },
): Promise<T> {
  let forgiven = 0;
  let last: StashError | undefined;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      const answer = write();
      if (!(await orUntil(clock, until, answer))) {
        answer.catch(() => undefined);
        throw last ?? new StashError('unreachable', 'the server does not answer');
      }
      return await answer;
    } catch (error) {
      if (isStashError(error, 'unreachable', 'server')) forgiven = refusalsForgiven;
      else if (!isStashError(error, 'forbidden') || forgiven-- === 0) throw error;
      const left = until.getTime() - clock.now().getTime();
      if (left <= 0) throw error;
      last = error;
      onTrouble(error);
      await clock.sleep(Math.min(pause, left), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** Whether a creation that `persist` has given up has failed for good: forbidden, invalid, or out of time. */
export function isFinalRefusal(error: unknown): error is StashError {
  return isStashError(error, 'forbidden', 'invalid', 'not-found', 'unreachable', 'server');
}

/**
 * Waits for the next second, in which names that contain the second of their creation are free. Rejects with
 * 'interrupted'.
 */
export async function untilNextSecond(clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(1_000 - (clock.now().getTime() % 1_000), signal);
  if (signal.aborted) throw new StashError('interrupted', 'interrupted');
}
