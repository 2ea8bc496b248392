/** The one line that says how a session ended well; the other ends are errors (`domain/session/verdict-error.ts`). */
import { formatDuration } from '#src/domain/duration.ts';
import type { Progress, Verdict } from '#src/domain/session/progress.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { sessionOf } from '#src/domain/session/verdict-error.ts';

/** `tookMs`: how long whoever ran the command has waited. */
export function verdictLine(progress: Progress, verdict: Verdict, tookMs: number): string {
  const done = progress.kind === 'backup' ? 'snapshotted' : 'restored';
  const what = progress.target
    ? `${formatTarget(progress.target)} ${done}`
    : `${sessionOf(progress)} succeeded`;
  const session = progress.target ? `${sessionOf(progress)}, ` : '';
  const line = `${what}: ${verdict.message} (${session}${formatDuration(tookMs)})`;
  return `${sanitize(line)}\n`;
}
