/** Timeouts and retries of the adapter; times in milliseconds. Tests shorten them. */
export interface Limits {
  /** How many times a plain request is retried. */
  readonly retries: number;
  readonly backoff: number;
  readonly maxBackoff: number;
  /** The longest `Retry-After` that the client honours. */
  readonly maxRetryAfter: number;
  /** How long a plain request may go without a byte. The server itself gives up after 60 s. */
  readonly silence: number;
  /**
   * The same for the first attempt of a read: one connection that has died does not delay it for longer.
   */
  readonly firstSilence: number;
  /**
   * The same for a watch, which then reconnects from its last version. Most servers send a bookmark about
   * once a minute, but some only when something changes.
   */
  readonly watchSilence: number;
  /** A watch that lasted this long counts as successful, however it ended. */
  readonly settled: number;
  readonly pageSize: number;
  /** Bytes of a page; the client asks for fewer objects if a page would be longer. */
  readonly pageLength: number;
  /** 0 to 1. */
  random(): number;
}

export const defaultLimits: Limits = {
  retries: 4,
  backoff: 200,
  maxBackoff: 15_000,
  maxRetryAfter: 60_000,
  silence: 75_000,
  firstSilence: 10_000,
  watchSilence: 90_000,
  settled: 1_000,
  pageSize: 500,
  pageLength: 16 * 1024 * 1024,
  random: Math.random,
};

/** Returns the delay before attempt `n + 1` in milliseconds: exponential, half of it random. */
export function backoffDelay(n: number, limits: Limits): number {
  const full = Math.min(limits.maxBackoff, limits.backoff * 2 ** n);
  return full * (0.5 + limits.random() / 2);
}
