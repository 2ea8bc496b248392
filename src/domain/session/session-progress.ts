/** What backup and restore sessions have in common in how far they have come. */
import { behindHook } from './behind-hook.ts';
import type { HookNames, HookState } from '#src/domain/hooks/hook-step.ts';
import type { ClaimProgress, Progress, Verdict } from './progress.ts';
import { createdAt, deadlineOf, isFinal, type Session } from './session-status.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface SessionProgress<S extends Session> {
  readonly session: S;
  readonly target: Target | undefined;
  readonly claims: readonly ClaimProgress[];
  /** Counts as long as the session has no deadline of its own. */
  readonly timeoutMs: number;
  readonly notes?: readonly string[];
}

/** What is special about one kind of session. */
export interface SessionKind<S extends Session> {
  readonly kind: Progress['kind'];
  readonly hookNames: HookNames;
  readonly hookState: (session: S) => HookState;
  /** Asked once the session's status is final. */
  readonly verdict: (session: S, claims: readonly ClaimProgress[]) => Verdict | undefined;
}

export function sessionProgress<S extends Session>(
  { kind, hookNames, hookState, verdict: verdictOf }: SessionKind<S>,
  { session, target, claims, timeoutMs, notes = [] }: SessionProgress<S>,
): Progress {
  const startedAt = createdAt(session);
  const isOver = isFinal(session);
  const verdict = isOver ? verdictOf(session, claims) : undefined;
  const hooks = hookState(session);
  const isHookBegun = !isOver && hooks.quiescedSince !== undefined;
  return {
    kind,
    session: session.metadata.name,
    target,
    namespace: session.metadata.namespace ?? '',
    statusPhase: session.status?.phase,
    claims: isHookBegun ? claims.map((row) => behindHook(row, hooks, hookNames)) : claims,
    startedAt,
    deadline: deadlineOf(session) ?? new Date(startedAt.getTime() + timeoutMs),
    notes,
    ...(verdict && { verdict }),
  };
}
