/** Computes the progress of a session of any kind. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';

import { behindHook } from './behind-hook.ts';
import type { HookNames, HookState } from '#src/domain/hooks/hook-step.ts';
import type { KindWords } from './kind-words.ts';
import type { ClaimProgress, Progress, Verdict } from './progress.ts';
import { createdAt, deadlineOf, isFinal } from './session-status.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface SessionProgress<S extends AnySession> {
  readonly session: Stored<S>;
  readonly target: Target | undefined;
  readonly claims: readonly ClaimProgress[];
  /** Milliseconds. Applies as long as the session has no deadline. */
  readonly timeoutMs: number;
  readonly notes?: readonly string[];
}

/** The functions that read the progress of one kind of session. */
export interface SessionReading<S extends AnySession> {
  readonly words: KindWords;
  readonly hookRecord: { readonly names: HookNames };
  readonly hookState: (session: Stored<S>) => HookState;
  /** Called when the session's status is final. Returns undefined if there is still something to wait for. */
  readonly verdict: (session: Stored<S>, claims: readonly ClaimProgress[]) => Verdict | undefined;
}

export function sessionProgress<S extends AnySession>(
  { words, hookRecord, hookState, verdict: verdictOf }: SessionReading<S>,
  { session, target, claims, timeoutMs, notes = [] }: SessionProgress<S>,
): Progress {
  const startedAt = createdAt(session);
  const isOver = isFinal(session);
  const verdict = isOver ? verdictOf(session, claims) : undefined;
  const hooks = hookState(session);
  const isHookBegun = !isOver && hooks.quiescedSince !== undefined;
  return {
    kind: words,
    session: session.metadata.name,
    target,
    namespace: session.metadata.namespace ?? '',
    statusPhase: session.status?.phase,
    claims: isHookBegun ? claims.map((row) => behindHook(row, hooks, hookRecord.names)) : claims,
    startedAt,
    deadline: deadlineOf(session) ?? new Date(startedAt.getTime() + timeoutMs),
    notes,
    ...(verdict && { verdict }),
  };
}
