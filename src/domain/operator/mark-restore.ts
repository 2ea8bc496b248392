/** What the operator writes on a RestoreSession that it does not carry out. */
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession, StatusOf } from '#src/api/stash.ts';
import { createdAt, timeLimitMs, withCondition } from '#src/domain/session/session-status.ts';

/** Pending, where the session has not begun; with its deadline. */
export function withPending(
  present: Stored<RestoreSession>,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): StatusOf<RestoreSession> {
  const { status } = present;
  const deadline = new Date(createdAt(present).getTime() + timeLimitMs(present.spec.timeOut));
  return {
    ...status,
    phase: status?.phase ?? 'Pending',
    sessionDeadline: status?.sessionDeadline ?? deadline.toISOString(),
    conditions: withCondition(status?.conditions, condition, now),
  };
}
