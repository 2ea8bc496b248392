/** The current time and timers, passed as an argument so that tests can control them. */
export interface Clock {
  now(): Date;
  /** Milliseconds since an arbitrary start, which setting the clock does not affect. Left out if `now` never jumps. */
  monotonic?(): number;
  /**
   * Milliseconds by which the API server's clock is ahead of this machine's, by the Date of its answers. Left out if
   * there is only one clock.
   */
  ahead?(): number;
  /** Resolves after `milliseconds`, or as soon as `signal` aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The moment `milliseconds` from now. */
export function after(clock: Clock, milliseconds: number): Date {
  return new Date(clock.now().getTime() + milliseconds);
}
