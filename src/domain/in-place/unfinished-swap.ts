/**
 * Finds the unfinished restores in place of claims. Until they end, nothing else may snapshot or restore these claims.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { formatTarget, readTarget, type Target } from '#src/domain/workload/target.ts';

import { isInPlace, readRecord } from './record.ts';
import { hintOf, waysOn } from './ways-on.ts';

/** Whether the session is an unfinished restore in place, and nobody is deleting it. */
export function isUnfinishedSwap(session: Stored<RestoreSession>): boolean {
  return isInPlace(session) && !isFinal(session) && session.metadata.deletionTimestamp === undefined;
}

/** A workload or a claim. `claims` are the claims of it that are meant; all by default. */
export interface SwapSubject {
  readonly target: Target | undefined;
  readonly claims?: readonly (string | undefined)[];
}

/**
 * Whether the restore in place swaps one of the claims, or stops the workload that uses them. `session` must be of the
 * namespace of `target`. A record that cannot be read may name any claim of its workload.
 */
export function isSwapOf({ target, claims }: SwapSubject, session: Stored<RestoreSession>): boolean {
  const [of, record] = [readTarget(session), readRecord(session)];
  const name = target && formatTarget(target);
  const stopped = [...(of ? [formatTarget(of)] : []), ...(record?.also ?? [])];
  const isOfTarget = name !== undefined && stopped.includes(name);
  if (isOfTarget && (claims === undefined || record === undefined)) return true;
  const names = claims ?? (target?.kind === 'PersistentVolumeClaim' ? [target.name] : []);
  return record?.claims.some(({ name }) => names.includes(name)) === true;
}

/** Refuses to restore claims that an unfinished restore in place swaps. `sessions` are those of their namespace. */
export function refuseSwappedClaims(
  subject: SwapSubject,
  sessions: readonly Stored<RestoreSession>[],
): readonly Failure[] {
  return unfinishedSwapsOf(subject, sessions).map((session) => {
    const claim = readRecord(session)?.claims.find(({ name }) => subject.claims?.includes(name));
    const why =
      claim === undefined
        ? swapsClaims(session)
        : `restoresession/${session.metadata.name} swaps claim ${claim.name}`;
    return failure('precondition', `${why}, and is unfinished`, { hint: hintOf(waysOn(session)) });
  });
}

/** Returns the unfinished restores in place of the subject. `sessions` are those of its namespace. */
export function unfinishedSwapsOf(
  subject: SwapSubject,
  sessions: readonly Stored<RestoreSession>[],
): Stored<RestoreSession>[] {
  return sessions.filter((session) => isUnfinishedSwap(session) && isSwapOf(subject, session));
}

/** `restoresession/x swaps its claims` */
export function swapsClaims({ metadata }: Stored<RestoreSession>): string {
  return `restoresession/${metadata.name} swaps its claims`;
}

/** Says why no snapshot of the workload or claim can be taken now. `sessions` are those of its namespace. */
export function refuseDuringSwap(
  target: Target,
  sessions: readonly Stored<RestoreSession>[],
): readonly Failure[] {
  return unfinishedSwapsOf({ target }, sessions).map((session) =>
    failure('precondition', `${formatTarget(target)}: ${swapsClaims(session)}, and is unfinished`, {
      hint: hintOf(waysOn(session)),
    }),
  );
}
