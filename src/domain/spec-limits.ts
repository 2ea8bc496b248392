/** Limits the values that a spec may ask for: its author shares the operator with other tenants. */
import { formatDuration, parseDuration } from './duration.ts';
import { quoted } from './quoted.ts';

/** The default of `--claims-per-session`. */
export const defaultClaimsPerSession = 1_000;
/** The largest value of `--claims-per-session`: the status lists the claims, and an API object has room for so many. */
export const mostClaimsPerSession = 10_000;

/** Returns a hint how to allow a session of so many claims. Undefined if no flag allows it. */
export function wayToMoreClaims(count: number): string | undefined {
  if (count > mostClaimsPerSession) return undefined;
  return 'raise --claims-per-session of the operator or of this command';
}

export const mostRetries = 10;
export const mostSessionsKept = 1_000;
const hour = 3_600_000;
export const longestWaitMs = 8_760 * hour;
/** Shorter time limits and retry delays are raised to this. */
export const shortestWaitMs = 10_000;

/**
 * Returns the milliseconds of a time limit or delay in Go's format, within the limits. Undefined if it is malformed.
 */
export function boundedWaitMs(text: string | undefined): number | undefined {
  const milliseconds = parseDuration(text ?? '');
  if (milliseconds === undefined) return undefined;
  return Math.min(longestWaitMs, Math.max(shortestWaitMs, milliseconds));
}

/** Says what is wrong with a duration, in a sentence that begins with `path`. Undefined if it is absent or valid. */
export function durationProblem(path: string, text: string | undefined, leastMs: number): string | undefined {
  if (text === undefined || text === '') return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) return `${path} ${quoted(text)} is not a duration such as 10m or 1h30m`;
  if (milliseconds < leastMs) return `${path} ${quoted(text)} must be greater than zero`;
  if (milliseconds <= longestWaitMs) return undefined;
  return `${path} ${quoted(text)} is longer than ${longestWaitMs / hour}h, the limit`;
}

/** Says that a duration is shorter than the limit, which takes effect instead. Undefined if it is not shorter. */
export function raisedWait(path: string, text: string | undefined): string | undefined {
  const milliseconds = parseDuration(text ?? '');
  if (milliseconds === undefined || milliseconds >= shortestWaitMs) return undefined;
  return `${path} ${quoted(text ?? '')} is shorter than ${formatDuration(shortestWaitMs)}, which takes its place`;
}

/** Says what is wrong with a count, in a sentence that begins with `path`. Undefined if it is absent or valid. */
export function countProblem(path: string, count: number | undefined, most: number): string | undefined {
  if (count === undefined) return undefined;
  if (count < 0) return `${path} is ${count}, and cannot be negative`;
  return count <= most ? undefined : `${path} is ${count}, and the limit is ${most}`;
}
