/**
 * Decides what the operator does about a restore in place. The operator never carries one out and never ends one. It
 * reports a restore that has stopped its workload and that no command line continues.
 */
import { stashCondition } from '#src/api/conditions.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import {
  interruption,
  isReported,
  mayBeStopped,
  whyStalled,
  type SwapNews,
} from '#src/domain/in-place/interrupted.ts';
import { lifeLeft, type Sighting } from '#src/domain/session/holder.ts';
import { findCondition, isFinal } from '#src/domain/session/session-status.ts';

export interface InPlaceWorld {
  readonly now: Date;
  readonly session: Stored<RestoreSession>;
  readonly sighting: Sighting;
}

export type InPlaceAction =
  | { readonly do: 'wait'; readonly until: Date | undefined; readonly why: string }
  /** Write condition `SwapInterrupted`, and record an Event about it. */
  | { readonly do: 'tell-swap'; readonly news: SwapNews }
  /** Record an Event only, because everything is as it was before the session. */
  | { readonly do: 'tell-stalled'; readonly message: string };

export function decideInPlace({ now, session, sighting }: InPlaceWorld): InPlaceAction {
  const isOver = isFinal(session);
  const isStopped = mayBeStopped(session);
  const reported = isReported(session);
  if (reported && isOver) return resumed('the session has ended');
  if (isOver) return { do: 'wait', until: undefined, why: 'it has ended' };
  if (reported && !isStopped) return resumed('the workload has been started');
  const news = interruption(session);
  // A new leader has not watched this holder for long enough, but an earlier leader has.
  if (reported && findCondition(session, news.type)?.message === news.message) {
    return { do: 'wait', until: undefined, why: 'it is interrupted' };
  }
  const left = lifeLeft(sighting, now);
  if (left > 0) {
    const { holder } = sighting;
    if (reported && holder !== undefined) return resumed(`${holder.id} goes on with it`);
    return { do: 'wait', until: new Date(now.getTime() + left), why: 'a command line carries it out' };
  }
  return isStopped
    ? { do: 'tell-swap', news }
    : { do: 'tell-stalled', message: `the workload is not stopped: ${whyStalled(session)}` };
}

function resumed(message: string): InPlaceAction {
  return { do: 'tell-swap', news: { ...stashCondition.swapResumed, message } };
}
