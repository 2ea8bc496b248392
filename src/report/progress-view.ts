/** A running session as it is shown: one row per claim. */
import { formatDuration } from '#src/domain/duration.ts';
import type { ClaimProgress, Progress } from '#src/domain/session/progress.ts';
import type { ClaimPhase } from '#src/domain/session/roll-up.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { sessionOf } from '#src/domain/session/verdict-error.ts';

export interface ClaimRow extends ClaimProgress {
  /** When it was first seen in its final phase. */
  readonly endedAt?: Date | undefined;
}

export interface ProgressView extends Omit<Progress, 'claims'> {
  readonly claims: readonly ClaimRow[];
}

/** `previous`: the view of the same session a moment ago; it remembers when each claim ended. */
export function viewOf(progress: Progress, previous: ProgressView | undefined, now: Date): ProgressView {
  const before = new Map(previous?.claims.map((row) => [row.claim, row]));
  const claims = progress.claims.map((claim): ClaimRow => {
    if (claim.phase === 'Pending' || claim.phase === 'Running') return claim;
    return { ...claim, endedAt: before.get(claim.claim)?.endedAt ?? now };
  });
  return { ...progress, claims };
}

/** `deployment/foo: backupsession/deploy-foo-1790000000` */
export function titleOf(progress: Omit<Progress, 'claims'>): string {
  const session = sessionOf(progress);
  return progress.target ? `${formatTarget(progress.target)}: ${session}` : session;
}

/** The word for a claim's phase: what is good about a snapshot is that it is ready, about a claim that it is bound. */
export function stateOf({ kind }: Pick<Progress, 'kind'>, phase: ClaimPhase): string {
  if (phase === 'Succeeded') return kind === 'backup' ? 'Ready' : 'Bound';
  return phase === 'Unknown' ? 'Waiting' : phase;
}

/** Since its object was created; empty before that. Clocks that disagree give 0s. */
export function elapsed({ startedAt, endedAt }: ClaimRow, now: Date): string {
  if (startedAt === undefined) return '';
  return formatDuration(Math.max(0, (endedAt ?? now).getTime() - startedAt.getTime()));
}
