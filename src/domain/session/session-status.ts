/** What backup and restore sessions have in common in their status. */
import type { Condition, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { stashCondition, type StashCondition } from '#src/api/conditions.ts';

import { formatDuration, formatGoDuration, parseDuration } from '#src/domain/duration.ts';

const defaultTimeoutMs = 10 * 60_000;

/** Milliseconds that a session may take: `timeOut` of its spec or its configuration's, else ten minutes. */
export function timeLimitMs(timeOut: string | undefined): number {
  return parseDuration(timeOut ?? '') ?? defaultTimeoutMs;
}

/** What the statuses of all kinds of session have in common. */
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

const finalPhases: readonly string[] = ['Succeeded', 'Failed', 'Skipped', 'Unknown', 'Invalid'];

/** Nothing will happen any more, as far as the session's own status says. */
export function isFinal(session: Session): boolean {
  return finalPhases.includes(session.status?.phase ?? '');
}

/** Undefined until someone has started it. */
export function deadlineOf(session: Session): Date | undefined {
  const written = session.status?.sessionDeadline;
  return written === undefined ? undefined : new Date(written);
}

/** Over a lost connection nobody knows what has become of what was made: so much later it counts as not done. */
export const lostGraceMs = 15_000;

/** When what is not done counts as late; `lost`: what is known may be out of date. */
export function lateAt(deadline: Date, lost: boolean): Date {
  return new Date(deadline.getTime() + (lost ? lostGraceMs : 0));
}

export function createdAt(session: Session): Date {
  return new Date(session.metadata.creationTimestamp);
}

/** Time from creation to `now`, as `status.sessionDuration` spells it; clocks that disagree give 0. */
export function durationSince(session: Session, now: Date): string {
  return formatGoDuration(Math.max(0, now.getTime() - createdAt(session).getTime()));
}

/** `why`: what kept the session from its end, where that is known. */
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

/** Whether a condition of a session that failed says why it did. */
export function tellsFailure({ status, reason }: Condition): boolean {
  return status === 'False' || reason?.startsWith('Failed') === true;
}

/** The last-transition time of one that is there already moves only when its status does; others are kept. */
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
