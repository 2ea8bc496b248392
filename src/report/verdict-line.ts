/**
 * Builds the line that reports a session's success. All other outcomes are errors (`domain/session/verdict-error.ts`).
 */
import { formatDuration } from '#src/domain/duration.ts';
import type { Progress, Verdict } from '#src/domain/session/progress.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { sessionOf } from '#src/domain/session/verdict-error.ts';

/** Whether the workload exists. `unknown`: the user may not read it. */
export type Existence = 'exists' | 'missing' | 'unknown';

/**
 * `workload` says whether the session's workload exists. `tookMs` is how long the user has waited for the command, in
 * milliseconds.
 */
export function verdictLine(
  progress: Progress,
  verdict: Verdict,
  { workload, tookMs }: { readonly workload: Existence; readonly tookMs: number },
): string {
  const took = formatDuration(tookMs);
  const session = sessionOf(progress);
  if (progress.target === undefined) {
    return `${sanitize(`${session} succeeded: ${verdict.message} (${took})`)}\n`;
  }
  const target = formatTarget(progress.target);
  const what = workload === 'exists' ? target : `claims of ${target}`;
  const missing = workload === 'missing' ? `; ${target} does not exist` : '';
  const line = `${what} ${progress.kind.done}: ${verdict.message}${missing} (${session}, ${took})`;
  return `${sanitize(line)}\n`;
}
