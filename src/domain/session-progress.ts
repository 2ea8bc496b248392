/** What backup and restore sessions have in common in how far they have come. */
import type { ClaimProgress, Progress, Verdict } from './progress.ts';
import { createdAt, deadlineOf, isFinal, type Session } from './session-status.ts';
import type { Target } from './target.ts';

export interface SessionProgress<S extends Session> {
  readonly session: S;
  readonly target: Target | undefined;
  readonly claims: readonly ClaimProgress[];
  /** Counts as long as the session has no deadline of its own. */
  readonly timeoutMs: number;
  readonly notes?: readonly string[];
}

/** `verdictOf` is asked once the session's status is final. */
export function sessionProgress<S extends Session>(
  kind: Progress['kind'],
  { session, target, claims, timeoutMs, notes = [] }: SessionProgress<S>,
  verdictOf: (session: S, claims: readonly ClaimProgress[]) => Verdict | undefined,
): Progress {
  const startedAt = createdAt(session);
  const verdict = isFinal(session) ? verdictOf(session, claims) : undefined;
  return {
    kind,
    session: session.metadata.name,
    target,
    namespace: session.metadata.namespace ?? '',
    statusPhase: session.status?.phase,
    claims,
    startedAt,
    deadline: deadlineOf(session) ?? new Date(startedAt.getTime() + timeoutMs),
    notes,
    ...(verdict && { verdict }),
  };
}
