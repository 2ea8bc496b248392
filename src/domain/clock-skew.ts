/** By how much the clock of this machine may differ from the API server's before a user should know. */
import { formatDuration } from './duration.ts';

const toleratedMs = 30_000;

/** `ahead`: milliseconds by which the API server's clock is ahead. Undefined if they differ by 30 s at the most. */
export function clockSkew(ahead: number): string | undefined {
  if (Math.abs(ahead) <= toleratedMs) return undefined;
  const differs = `${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'behind' : 'ahead of'}`;
  return `this machine's clock is ${differs} the API server's`;
}
