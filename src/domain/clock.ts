/** Time as an argument: whoever needs it is given a Clock, and tests turn its hands. */
export interface Clock {
  now(): Date;
  /** Milliseconds since some moment, whatever the clock is set to; left out: nobody sets it. */
  monotonic?(): number;
  /** Resolves after `milliseconds`; resolves at once, too, when `signal` aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The moment `milliseconds` from now. */
export function after(clock: Clock, milliseconds: number): Date {
  return new Date(clock.now().getTime() + milliseconds);
}
