/** The current time and timers, passed as an argument so that tests can control them. */
export interface Clock {
  now(): Date;
  /** Milliseconds since an arbitrary start, not affected by setting the clock; left out if `now` never jumps. */
  monotonic?(): number;
  /**
   * Milliseconds by which the API server's clock is ahead of this machine's, as far as its answers tell; left out if `now`
   * is the time of one clock only.
   */
  ahead?(): number;
  /** Resolves after `milliseconds`, or as soon as `signal` aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The moment `milliseconds` from now. */
export function after(clock: Clock, milliseconds: number): Date {
  return new Date(clock.now().getTime() + milliseconds);
}
