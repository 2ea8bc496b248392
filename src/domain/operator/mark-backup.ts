/**
 * Builds the status that the operator writes to a BackupSession that has not begun or that another process carries out.
 */
import { stashCondition } from '#src/api/conditions.ts';
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession, StatusOf } from '#src/api/stash.ts';
import { createdAt, durationSince, timeLimitMs, withCondition } from '#src/domain/session/session-status.ts';

/**
 * Returns the status with the condition about the executor, which belongs to the target. The phase is Pending if the
 * session has not begun.
 */
export function withExecutor(
  present: Stored<BackupSession>,
  configuration: Stored<BackupConfiguration> | undefined,
  ensured: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): StatusOf<BackupSession> {
  const { status } = present;
  const deadline = new Date(createdAt(present).getTime() + timeLimitMs(configuration?.spec.timeOut));
  const [first, ...others] = status?.targets ?? [];
  const ref = configuration?.spec.target?.ref;
  return {
    ...status,
    phase: status?.phase ?? 'Pending',
    sessionDeadline: status?.sessionDeadline ?? deadline.toISOString(),
    targets: [
      {
        ...(ref && { ref }),
        phase: 'Pending',
        ...first,
        conditions: withCondition(first?.conditions, ensured, now),
      },
      ...others,
    ],
  };
}

export function skipped(present: Stored<BackupSession>, message: string, now: Date): StatusOf<BackupSession> {
  const condition = { ...stashCondition.backupSkipped, message };
  return {
    ...present.status,
    phase: 'Skipped',
    sessionDuration: durationSince(present, now),
    conditions: withCondition(present.status?.conditions, condition, now),
  };
}
