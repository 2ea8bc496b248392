/** Builds the status of a session that ends before its executor has judged the claims. */
import { executorCondition, stashCondition } from '#src/api/conditions.ts';
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { AnySession, BackupSession, RestoreSession, StatusOf, TargetRef } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { assertNever } from '#src/errors.ts';

import { conditionsOf } from './conditions-of.ts';
import type { SessionEnd } from './session-end.ts';
import { deadlineExceeded, durationSince, withCondition } from './session-status.ts';
import type { StatusChange } from './step.ts';

export interface Ended {
  readonly end: SessionEnd;
  readonly timeoutMs: number;
  readonly now: Date;
}

/** Marks the session Failed. Leaves the status of its claims as it is. */
export function failedBackup(
  session: Stored<BackupSession>,
  { end, ref, timeoutMs, now }: Ended & { readonly ref: TargetRef | undefined },
): StatusChange<StatusOf<BackupSession>> {
  return (present) => {
    const [first, ...others] = present?.targets ?? [];
    const target = { ...(ref && { ref }), ...first, phase: 'Failed' as const };
    const about = conditionOf(end, ofBackup, timeoutMs);
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
    conditions: withCondition(present?.conditions, conditionOf(end, ofRestore, timeoutMs), now),
  });
}

type NewCondition = Omit<Condition, 'lastTransitionTime'>;

/** The conditions with which a kind of session says that it has no executor, and that it was disrupted. */
interface EndConditions {
  readonly kind: 'Backup' | 'Restore';
  readonly disrupted: Omit<NewCondition, 'message'>;
}

const ofBackup: EndConditions = { kind: 'Backup', disrupted: stashCondition.backupDisrupted };
const ofRestore: EndConditions = { kind: 'Restore', disrupted: stashCondition.restoreNotCompleted };

function conditionOf(
  { how, why }: SessionEnd,
  { kind, disrupted }: EndConditions,
  timeoutMs: number,
): NewCondition {
  switch (how) {
    case 'late':
      return deadlineExceeded(timeoutMs, why);
    case 'not-ensured':
      return executorEnsured(kind, false, why);
    case 'disrupted':
      return { ...disrupted, message: why };
    default:
      return assertNever(how);
  }
}

/** Builds the condition that says whether the operator has provided an executor for the session. */
export function executorEnsured(kind: 'Backup' | 'Restore', ensured: boolean, message: string): NewCondition {
  return { ...executorCondition(kind, ensured), message };
}

/** Whether the conditions say that the operator has provided an executor. */
export function isExecutorEnsured(
  kind: 'Backup' | 'Restore',
  conditions: readonly Condition[] | undefined,
): boolean {
  const wanted = executorCondition(kind, true);
  return (conditions ?? []).some(({ type, status }) => type === wanted.type && status === wanted.status);
}

/** Says why the operator has not provided an executor so far. Undefined if it has, or does not say. */
export function whyNoExecutor(session: AnySession): string | undefined {
  const told = conditionsOf(session).find((condition) =>
    (['Backup', 'Restore'] as const).some((kind) => {
      const { type, status } = executorCondition(kind, false);
      return condition.type === type && condition.status === status;
    }),
  );
  return conditionWords(told);
}

/** Marks the session Invalid: no executor can carry out its spec. */
export function invalidRestore(
  session: Stored<RestoreSession>,
  why: string,
  now: Date,
): StatusChange<StatusOf<RestoreSession>> {
  const about: NewCondition = { ...stashCondition.restoreNotCompleted, message: why };
  return (present) => ({
    ...present,
    phase: 'Invalid',
    sessionDuration: durationSince(session, now),
    conditions: withCondition(present?.conditions, about, now),
  });
}
