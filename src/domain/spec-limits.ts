/** The least and the most that a spec may ask for: its author shares the operator with other tenants. */
import { formatDuration, parseDuration } from './duration.ts';
import { quoted } from './quoted.ts';

/** The default of `--claims-per-session`. */
export const defaultClaimsPerSession = 1_000;
/** The largest value of that flag: the status lists the claims, and an object of the API has room for so many. */
export const mostClaimsPerSession = 10_000;

/** How to have a session of so many claims; undefined if no flag allows it. */
export function wayToMoreClaims(count: number): string | undefined {
  if (count > mostClaimsPerSession) return undefined;
  return 'raise --claims-per-session of the operator or of this command';
}

export const mostRetries = 10;
export const mostSessionsKept = 1_000;
const hour = 3_600_000;
export const longestWaitMs = 8_760 * hour;
/** Time limits and retry delays below this are raised to it. */
export const shortestWaitMs = 10_000;

/** Milliseconds of a time limit or delay in Go's format, within the limits; undefined if it is malformed. */
export function boundedWaitMs(text: string | undefined): number | undefined {
  const milliseconds = parseDuration(text ?? '');
  if (milliseconds === undefined) return undefined;
  return Math.min(longestWaitMs, Math.max(shortestWaitMs, milliseconds));
}

/** What is wrong with a duration, in a sentence that begins with `path`; undefined if it is absent or valid. */
export function durationProblem(path: string, text: string | undefined, leastMs: number): string | undefined {
  if (text === undefined || text === '') return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) return `${path} ${quoted(text)} is not a duration such as 10m or 1h30m`;
  if (milliseconds < leastMs) return `${path} ${quoted(text)} must be greater than zero`;
  if (milliseconds <= longestWaitMs) return undefined;
  return `${path} ${quoted(text)} is longer than ${longestWaitMs / hour}h, the limit`;
}

/** That a duration is shorter than what takes effect; undefined if it is not. */
export function raisedWait(path: string, text: string | undefined): string | undefined {
  const milliseconds = parseDuration(text ?? '');
  if (milliseconds === undefined || milliseconds >= shortestWaitMs) return undefined;
  return `${path} ${quoted(text ?? '')} is shorter than ${formatDuration(shortestWaitMs)}, which takes its place`;
}

/** What is wrong with a count, in a sentence that begins with `path`; undefined if it is absent or valid. */
export function countProblem(path: string, count: number | undefined, most: number): string | undefined {
  if (count === undefined) return undefined;
  if (count < 0) return `${path} is ${count}, and cannot be negative`;
  return count <= most ? undefined : `${path} is ${count}, and the limit is ${most}`;
}
