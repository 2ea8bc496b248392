/** Reads and writes the fields that the statuses of all kinds of session have in common. */
import type { Condition, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { stashCondition, type StashCondition } from '#src/api/conditions.ts';

import { formatDuration, formatGoDuration } from '#src/domain/duration.ts';
import { boundedWaitMs } from '#src/domain/spec-limits.ts';

import { isInPlace } from './in-place.ts';

const defaultTimeoutMs = 10 * 60_000;

/**
 * Returns the milliseconds that a session may take: `timeOut` of its spec or of its configuration within the limits,
 * else ten minutes.
 */
export function timeLimitMs(timeOut: string | undefined): number {
  return boundedWaitMs(timeOut) ?? defaultTimeoutMs;
}

/** A session of any kind, with the common part of its status. */
export type Session = Stored<KubernetesObject> & {
  readonly status?:
    | {
        readonly phase?: string;
        readonly sessionDeadline?: string;
        readonly sessionDuration?: string;
        readonly conditions?: readonly Condition[];
      }
    | undefined;
};

export const finalPhases: readonly string[] = ['Succeeded', 'Failed', 'Skipped', 'Unknown', 'Invalid'];

/**
 * Whether the session's status says that it has ended. Of a restore in place, only its command line says so: AppsCode's
 * operator writes a final phase when the new claims are bound, before they replace the present ones.
 */
export function isFinal(session: Session): boolean {
  const phase = session.status?.phase ?? '';
  if (!isInPlace(session)) return finalPhases.includes(phase);
  return phase === 'Failed' || findCondition(session, stashCondition.restoreCompleted.type) !== undefined;
}

/** Returns undefined until an executor has started the session. */
export function deadlineOf(session: Session): Date | undefined {
  const written = session.status?.sessionDeadline;
  return written === undefined ? undefined : new Date(written);
}

/**
 * While the watch is disconnected, an object may be ready and the executor does not know. So the executor judges it so
 * much later.
 */
export const lostGraceMs = 15_000;

/** Returns when an unfinished claim counts as late. `lost`: the observed state may be out of date. */
export function lateAt(deadline: Date, lost: boolean): Date {
  return new Date(deadline.getTime() + (lost ? lostGraceMs : 0));
}

export function createdAt(session: Session): Date {
  return new Date(session.metadata.creationTimestamp);
}

/**
 * Returns the time from creation to `now` in the format of `status.sessionDuration`. 0 if it is negative because clocks
 * differ.
 */
export function durationSince(session: Session, now: Date): string {
  return formatGoDuration(Math.max(0, now.getTime() - createdAt(session).getTime()));
}

/** `why` is what delayed the session, if known. */
export function deadlineExceeded(timeoutMs: number, why?: string): Omit<Condition, 'lastTransitionTime'> {
  return {
    ...stashCondition.deadlineExceeded,
    message: `not done within ${formatDuration(timeoutMs)}${why === undefined ? '' : `: ${why}`}`,
  };
}

/** Whether the session failed because it was not done by its deadline. */
export function isDeadlineExceeded(session: Session): boolean {
  const { type, status } = stashCondition.deadlineExceeded;
  return findCondition(session, type)?.status === status;
}

/** Whether this condition of a failed session says why it failed. */
export function tellsFailure({ status, reason }: Condition): boolean {
  if (reason === stashCondition.swapResumed.reason) return false;
  return status === 'False' || reason?.startsWith('Failed') === true;
}

/** Sets one condition; lastTransitionTime changes only with the status. The other conditions stay. */
export function withCondition(
  conditions: readonly Condition[] = [],
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): Condition[] {
  const before = conditions.find(({ type }) => type === condition.type);
  const moved = before?.status !== condition.status;
  const lastTransitionTime = (moved ? undefined : before.lastTransitionTime) ?? now.toISOString();
  const merged = { ...condition, lastTransitionTime };
  return before === undefined
    ? [...conditions, merged]
    : conditions.map((each) => (each === before ? merged : each));
}

export function findCondition(session: Session, type: StashCondition['type']): Condition | undefined {
  return session.status?.conditions?.find((condition) => condition.type === type);
}
