/** Finds the unfinished restore in place of a workload: no snapshot of its claims is taken meanwhile. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { formatTarget, readTarget, type Target } from '#src/domain/workload/target.ts';

import { isInPlace, readRecord } from './record.ts';
import { hintOf, waysOn } from './ways-on.ts';

/** Whether it is an unfinished restore in place, and is not being deleted. */
export function isUnfinishedSwap(session: Stored<RestoreSession>): boolean {
  return isInPlace(session) && !isFinal(session) && session.metadata.deletionTimestamp === undefined;
}

/** Whether the session is about this workload. */
export function isSwapOf(target: Target, session: Stored<RestoreSession>): boolean {
  const of = readTarget(session);
  return of !== undefined && of.namespace === target.namespace && formatTarget(of) === formatTarget(target);
}

/** Why none of these claims can be restored beside it; `sessions`: of their namespace. */
export function refuseSwappedClaims(
  claims: readonly (string | undefined)[],
  sessions: readonly Stored<RestoreSession>[],
): readonly Failure[] {
  return sessions.filter(isUnfinishedSwap).flatMap((session) => {
    const claim = readRecord(session)?.claims.find(({ name }) => claims.includes(name));
    if (claim === undefined) return [];
    const { name } = session.metadata;
    return failure('precondition', `restoresession/${name} swaps claim ${claim.name}, and is unfinished`, {
      hint: hintOf(waysOn(session)),
    });
  });
}

/** `restoresession/x swaps its claims` */
export function swapsClaims({ metadata }: Stored<RestoreSession>): string {
  return `restoresession/${metadata.name} swaps its claims`;
}

/** Why no snapshot of the workload can be taken now; `sessions`: of its namespace. */
export function refuseDuringSwap(
  target: Target,
  sessions: readonly Stored<RestoreSession>[],
): readonly Failure[] {
  return sessions
    .filter((session) => isUnfinishedSwap(session) && isSwapOf(target, session))
    .map((session) =>
      failure('precondition', `${formatTarget(target)}: ${swapsClaims(session)}, and is unfinished`, {
        hint: hintOf(waysOn(session)),
      }),
    );
}
