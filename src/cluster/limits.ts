/** How patient the adapter is; times in milliseconds. Tests shorten them. */
export interface Limits {
  /** How often a plain request is tried again. */
  readonly retries: number;
  readonly backoff: number;
  readonly maxBackoff: number;
  /** The longest `Retry-After` that is waited for. */
  readonly maxRetryAfter: number;
  /** A plain request's connection without a byte for this long is dead. The server itself gives up after 60 s. */
  readonly silence: number;
  /**
   * The same for a watch, which then goes on from where it was: servers send a bookmark about once a minute, but some
   * only where something happens.
   */
  readonly watchSilence: number;
  /** A watch that lived this long was no failure, however it ended. */
  readonly settled: number;
  readonly pageSize: number;
  /** 0 to 1. */
  random(): number;
}

export const defaultLimits: Limits = {
  retries: 4,
  backoff: 200,
  maxBackoff: 15_000,
  maxRetryAfter: 60_000,
  silence: 75_000,
  watchSilence: 90_000,
  settled: 1_000,
  pageSize: 500,
  random: Math.random,
};

/** How long to wait before attempt `n + 1`: exponential, half of it random. */
export function backoffDelay(n: number, limits: Limits): number {
  const full = Math.min(limits.maxBackoff, limits.backoff * 2 ** n);
  return full * (0.5 + limits.random() / 2);
}
