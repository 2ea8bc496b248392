/**
 * The line that reports a session's success; all other outcomes are errors
 * (`domain/session/verdict-error.ts`).
 */
import { formatDuration } from '#src/domain/duration.ts';
import type { Progress, Verdict } from '#src/domain/session/progress.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { sessionOf } from '#src/domain/session/verdict-error.ts';

/** `tookMs`: how long the user has waited for the command, in milliseconds. */
export function verdictLine(progress: Progress, verdict: Verdict, tookMs: number): string {
  const what = progress.target
    ? `${formatTarget(progress.target)} ${progress.kind.done}`
    : `${sessionOf(progress)} succeeded`;
  const session = progress.target ? `${sessionOf(progress)}, ` : '';
  const line = `${what}: ${verdict.message} (${session}${formatDuration(tookMs)})`;
  return `${sanitize(line)}\n`;
}
