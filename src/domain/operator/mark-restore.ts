/**
 * Builds the status that the operator writes to a RestoreSession that has not begun or that another process carries
 * out.
 */
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession, StatusOf } from '#src/api/stash.ts';
import { createdAt, timeLimitMs, withCondition } from '#src/domain/session/session-status.ts';

/** Returns the status with `condition` and the deadline. The phase is Pending if the session has not begun. */
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
