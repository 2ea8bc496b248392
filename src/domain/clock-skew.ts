/** Compares the clock of this machine with the API server's. */
import { formatDuration } from './duration.ts';

const toleratedMs = 30_000;

/**
 * Returns a sentence about the difference, or undefined if the clocks differ by 30 s at most. `ahead` is in
 * milliseconds, by which the API server's clock is ahead.
 */
export function clockSkew(ahead: number): string | undefined {
  if (Math.abs(ahead) <= toleratedMs) return undefined;
  const differs = `${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'behind' : 'ahead of'}`;
  return `this machine's clock is ${differs} the API server's`;
}
