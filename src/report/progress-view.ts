/** Builds the view of a running session: one row for each claim. */
import { formatDuration } from '#src/domain/duration.ts';
import type { ClaimProgress, Progress } from '#src/domain/session/progress.ts';
import type { ClaimPhase } from '#src/domain/session/roll-up.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { sessionOf } from '#src/domain/session/verdict-error.ts';

export interface ClaimRow extends ClaimProgress {
  /** The second in which this program first saw the claim in its final phase. */
  readonly endedAt?: Date | undefined;
}

export interface ProgressView extends Omit<Progress, 'claims'> {
  readonly claims: readonly ClaimRow[];
}

/**
 * Returns the view of `progress`. `previous` is the last view of the same session: it remembers when each
 * claim ended.
 */
export function viewOf(progress: Progress, previous: ProgressView | undefined, now: Date): ProgressView {
  const before = new Map(previous?.claims.map((row) => [row.claim, row]));
  const claims = progress.claims.map((claim): ClaimRow => {
    if (claim.phase === 'Pending' || claim.phase === 'Running') return claim;
    return { ...claim, endedAt: before.get(claim.claim)?.endedAt ?? wholeSecond(now) };
  });
  return { ...progress, claims };
}

/** Cuts the time to a whole second, like the times of API objects. */
export function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}

/** Returns for example `deployment/foo: backupsession/deploy-foo-1790000000`. */
export function titleOf(progress: Omit<Progress, 'claims'>): string {
  const session = sessionOf(progress);
  return progress.target ? `${formatTarget(progress.target)}: ${session}` : session;
}

/** Returns the word for a claim's phase. A snapshot that succeeded is Ready, a restored claim is Bound. */
export function stateOf({ kind }: Pick<Progress, 'kind'>, phase: ClaimPhase): string {
  if (phase === 'Succeeded') return kind.ready;
  return phase === 'Unknown' ? 'Waiting' : phase;
}

/**
 * Returns the time since the claim's object was created, or '' before that. If the API server's clock is ahead of ours,
 * returns 0s.
 */
export function elapsed({ startedAt, endedAt }: ClaimRow, now: Date): string {
  if (startedAt === undefined) return '';
  return formatDuration(Math.max(0, (endedAt ?? now).getTime() - startedAt.getTime()));
}
