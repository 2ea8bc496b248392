/** The limit of a command, `--timeout`. When it passes, the command stops waiting, whatever it waits for. */
import type { Clock } from '#src/domain/clock.ts';
import { deadlineOf, type Session } from '#src/domain/session/session-status.ts';

export interface Limit {
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly at: Date;
  /** Aborts when the limit has passed, or when the user stops the command. */
  readonly signal: AbortSignal;
  /** Returns whether the limit has passed and the user has not stopped the command. */
  readonly hasPassed: () => boolean;
}

export interface LimitOptions {
  /** Undefined if there is no limit. */
  readonly timeoutMs: number | undefined;
  /** Milliseconds from the limit to the abort of `signal`: time for an operator to write how the session ended. */
  readonly graceMs?: number;
}

/** Runs `work` with the limit. `work` itself has to stop when the signal aborts. */
export async function withinLimit<T>(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  { timeoutMs, graceMs = 0 }: LimitOptions,
  work: (limit: Limit | undefined) => Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return work(undefined);
  const passed = new AbortController();
  const done = new AbortController();
  const at = new Date(clock.now().getTime() + timeoutMs);
  void clock.sleep(timeoutMs + graceMs, AbortSignal.any([done.signal, signal])).then(() => {
    if (!done.signal.aborted && !signal.aborted) passed.abort();
  });
  try {
    return await work({
      timeoutMs,
      at,
      signal: AbortSignal.any([signal, passed.signal]),
      hasPassed: () => clock.now() >= at && !signal.aborted,
    });
  } finally {
    done.abort();
  }
}

/** Returns an environment for work that ends at the limit. */
export function within<E extends { readonly signal: AbortSignal }>(
  environment: E,
  limit: Limit | undefined,
): E {
  return limit ? { ...environment, signal: limit.signal, until: limit.at } : environment;
}

/** The command has at least this long to tidy up, even after a session that ended at the limit. */
const tidyAtLeastMs = 5_000;

/** Returns the milliseconds that the command has left to tidy up after the session. Undefined if there is no limit. */
export function tidyWithin(limit: Limit | undefined, now: Date): number | undefined {
  return limit && Math.max(tidyAtLeastMs, limit.at.getTime() - now.getTime());
}

/**
 * Returns the environment for an executor. An executor ends a session at the deadline, and the limit must not interrupt
 * that write. `within`, which stops at the limit, is for a session whose deadline is later than the limit.
 */
export function executing<E>(
  { environment, within }: { readonly environment: E; readonly within: E },
  session: Session,
  limit: Limit | undefined,
): E {
  if (limit === undefined) return environment;
  const deadline = deadlineOf(session);
  const endsInTime = deadline === undefined || deadline <= limit.at;
  return endsInTime && !limit.signal.aborted ? environment : within;
}
