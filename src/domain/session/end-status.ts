/** The status of a session whose end its executor did not write. */
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession, StatusOf, TargetRef } from '#src/api/stash.ts';
import { assertNever } from '#src/errors.ts';

import type { SessionEnd } from './session-end.ts';
import { deadlineExceeded, durationSince, withCondition } from './session-status.ts';
import type { StatusChange } from './step.ts';

export interface Ended {
  readonly end: SessionEnd;
  readonly timeoutMs: number;
  readonly now: Date;
}

/** Of which nothing is known but that it has failed; what was told of its claims stays. */
export function failedBackup(
  session: Stored<BackupSession>,
  { end, ref, timeoutMs, now }: Ended & { readonly ref: TargetRef | undefined },
): StatusChange<StatusOf<BackupSession>> {
  return (present) => {
    const [first, ...others] = present?.targets ?? [];
    const target = { ...(ref && { ref }), ...first, phase: 'Failed' as const };
    const about = conditionOf(end, 'Backup', timeoutMs);
    const ofTarget = end.how === 'not-ensured';
    return {
      ...present,
      phase: 'Failed',
      sessionDuration: durationSince(session, now),
      targets: [
        { ...target, ...(ofTarget && { conditions: withCondition(first?.conditions, about, now) }) },
        ...others,
      ],
      ...(!ofTarget && { conditions: withCondition(present?.conditions, about, now) }),
    };
  };
}

export function failedRestore(
  session: Stored<RestoreSession>,
  { end, timeoutMs, now }: Ended,
): StatusChange<StatusOf<RestoreSession>> {
  return (present) => ({
    ...present,
    phase: 'Failed',
    sessionDuration: durationSince(session, now),
    conditions: withCondition(present?.conditions, conditionOf(end, 'Restore', timeoutMs), now),
  });
}

type Told = Omit<Condition, 'lastTransitionTime'>;

function conditionOf({ how, why }: SessionEnd, kind: 'Backup' | 'Restore', timeoutMs: number): Told {
  switch (how) {
    case 'late':
      return deadlineExceeded(timeoutMs, why);
    case 'not-ensured':
      return executorEnsured(kind, false, why);
    case 'disrupted':
      return kind === 'Backup'
        ? {
            type: 'BackupDisrupted',
            status: 'True',
            reason: 'FailedToCompleteDueToDisruption',
            message: why,
          }
        : { type: 'RestoreCompleted', status: 'False', reason: 'PostRestoreTasksNotExecuted', message: why };
    default:
      return assertNever(how);
  }
}

/** Whether there is somebody to carry the session out. */
export function executorEnsured(kind: 'Backup' | 'Restore', ensured: boolean, message: string): Told {
  return {
    type: `${kind}ExecutorEnsured`,
    status: ensured ? 'True' : 'False',
    reason: `${ensured ? 'SuccessfullyEnsured' : 'FailedToEnsure'}${kind}Executor`,
    message,
  };
}

/** Whether somebody was, once. */
export function isExecutorEnsured(
  kind: 'Backup' | 'Restore',
  conditions: readonly Condition[] | undefined,
): boolean {
  return (conditions ?? []).some(
    ({ type, status }) => type === `${kind}ExecutorEnsured` && status === 'True',
  );
}

/** It never can be carried out as it is. */
export function invalidRestore(
  session: Stored<RestoreSession>,
  why: string,
  now: Date,
): StatusChange<StatusOf<RestoreSession>> {
  const about: Told = {
    type: 'RestoreCompleted',
    status: 'False',
    reason: 'PostRestoreTasksNotExecuted',
    message: why,
  };
  return (present) => ({
    ...present,
    phase: 'Invalid',
    sessionDuration: durationSince(session, now),
    conditions: withCondition(present?.conditions, about, now),
  });
}
