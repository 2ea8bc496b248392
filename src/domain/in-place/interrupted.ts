/** Describes a restore in place whose command line shows no sign of life. */
import { stashCondition, type StashCondition } from '#src/api/conditions.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { findCondition, isFinal } from '#src/domain/session/session-status.ts';

import { isInPlace, readRecord } from './record.ts';
import { inOneLine, waysOn } from './ways-on.ts';

const { volumesKept, workloadStarted, swapInterrupted } = stashCondition;

/**
 * Whether the command line may have stopped the workload without starting it again. The record says when the command
 * line is about to stop it. If the record cannot be read, the command line may have stopped it from when it keeps the
 * volumes.
 */
export function mayBeStopped(session: Stored<RestoreSession>): boolean {
  if (isTrue(session, workloadStarted.type)) return false;
  const record = readRecord(session);
  return record ? record.stopping === true : isTrue(session, volumesKept.type);
}

/** Whether the operator has reported that the workload may be stopped and no command line continues the session. */
export function isInterrupted(session: Stored<RestoreSession>): boolean {
  return isInPlace(session) && !isFinal(session) && isReported(session);
}

/** Whether condition `SwapInterrupted` is True, even if a command line has continued the session since. */
export function isReported(session: Stored<RestoreSession>): boolean {
  return isTrue(session, swapInterrupted.type);
}

/** What the operator writes about the session: that nobody continues it, or that a command line does again. */
export type SwapNews = { readonly message: string } & (
  typeof stashCondition.swapInterrupted | typeof stashCondition.swapResumed
);

/** Returns the condition for the present holder. The message differs for another holder, or after a renewal. */
export function interruption(session: Stored<RestoreSession>): SwapNews {
  return { ...swapInterrupted, message: `the workload may be stopped: ${whyStalled(session)}` };
}

/** Says why no command line continues the session, and which commands would. */
export function whyStalled(session: Stored<RestoreSession>): string {
  const holder = readHolder(session);
  const why =
    holder === undefined
      ? 'no command line goes on with the restore in place'
      : `${holder.id} has shown no sign of life since its renewal ${holder.counter}`;
  return `${why}${inOneLine(waysOn(session))}`;
}

function isTrue(session: Stored<RestoreSession>, type: StashCondition['type']): boolean {
  return findCondition(session, type)?.status === 'True';
}
