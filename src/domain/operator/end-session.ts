/** The end of a session that its executor did not write. */
import { executorCondition, stashCondition } from '#src/api/conditions.ts';
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession, TargetRef } from '#src/api/stash.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { deadlineExceeded, durationSince, withCondition } from '#src/domain/session/session-status.ts';
import type { StatusChange } from '#src/domain/hooks/step.ts';
import { assertNever } from '#src/errors.ts';

export interface SessionEnd {
  /** `late`: past its deadline; `not-ensured`: it cannot have an executor. */
  readonly how: 'disrupted' | 'late' | 'not-ensured';
  /** One line, for people. */
  readonly why: string;
}

export type BackupStatus = NonNullable<BackupSession['status']>;
export type RestoreStatus = NonNullable<RestoreSession['status']>;

/** Of which nothing is known but that it has failed; what was told of its claims stays. */
export function failedBackup(
  session: Stored<BackupSession>,
  { end, ref, timeoutMs, now }: { end: SessionEnd; ref: TargetRef | undefined; timeoutMs: number; now: Date },
): StatusChange<BackupStatus> {
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
  { end, timeoutMs, now }: { end: SessionEnd; timeoutMs: number; now: Date },
): StatusChange<RestoreStatus> {
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
      return {
        ...deadlineExceeded(timeoutMs),
        message: `not done within ${formatDuration(timeoutMs)}: ${why}`,
      };
    case 'not-ensured':
      return executorEnsured(kind, false, why);
    case 'disrupted':
      return kind === 'Backup'
        ? { ...stashCondition.backupDisrupted, message: why }
        : { ...stashCondition.restoreNotCompleted, message: why };
    default:
      return assertNever(how);
  }
}

/** Whether there is somebody to carry the session out. */
export function executorEnsured(kind: 'Backup' | 'Restore', ensured: boolean, message: string): Told {
  return { ...executorCondition(kind, ensured), message };
}

/** Whether somebody was, once. */
export function isExecutorEnsured(
  kind: 'Backup' | 'Restore',
  conditions: readonly Condition[] | undefined,
): boolean {
  const told = executorCondition(kind, true);
  return (conditions ?? []).some(({ type, status }) => type === told.type && status === told.status);
}

/** It never can be carried out as it is. */
export function invalidRestore(
  session: Stored<RestoreSession>,
  why: string,
  now: Date,
): StatusChange<RestoreStatus> {
  const about: Told = { ...stashCondition.restoreNotCompleted, message: why };
  return (present) => ({
    ...present,
    phase: 'Invalid',
    sessionDuration: durationSince(session, now),
    conditions: withCondition(present?.conditions, about, now),
  });
}
