/** The one limit of a command, `--timeout`: whatever it waits for, it stops waiting then. */
import type { Clock } from '#src/domain/clock.ts';
import { deadlineOf, type Session } from '#src/domain/session/session-status.ts';

export interface Limit {
  readonly timeoutMs: number;
  readonly at: Date;
  /** Aborts once the limit has passed, and when the user stops the command. */
  readonly signal: AbortSignal;
  /** It has passed, and the user has not stopped the command. */
  readonly hasPassed: () => boolean;
}

export interface LimitOptions {
  /** Undefined: there is no limit. */
  readonly timeoutMs: number | undefined;
  /** So much later `signal` aborts: whoever knows the limit too has this time to say how the session ended. */
  readonly graceMs?: number;
}

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
      hasPassed: () => passed.signal.aborted && !signal.aborted,
    });
  } finally {
    done.abort();
  }
}

/** A session that ended at its limit leaves so much time to tidy up after it. */
const tidyAtLeastMs = 5_000;

/** Milliseconds that are left to tidy up in once the session has ended. */
export function tidyWithin(limit: Limit | undefined, now: Date): number | undefined {
  return limit && Math.max(tidyAtLeastMs, limit.at.getTime() - now.getTime());
}

/**
 * Who carries a session out ends it at its deadline, and is not stopped while it writes that; `within`, which stops at
 * the limit, is for a session that may go on for longer.
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
