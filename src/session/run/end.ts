/**
 * Ends a session that no executor carries out any more: resumes the application, then writes why the session failed.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import type { SessionEnd } from '#src/domain/session/session-end.ts';

import type { Environment } from '#src/session/environment.ts';
import type { Held } from '#src/session/holding/held.ts';
import { hold } from '#src/session/holding/hold.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';
import { runSession } from './run-session.ts';
import { isPermanent, isTransient } from '#src/session/permanent-error.ts';

export interface EndSession<S extends AnySession> {
  readonly session: Stored<S>;
  /** The operator's id. */
  readonly id: string;
  /** The holder that the operator has seen dead. */
  readonly replacing: Holder | undefined;
  readonly context: SessionContext;
}

/** Resolves with the ended session; undefined if another executor holds it, or it had ended before. */
export async function endSession<S extends AnySession, Plan>(
  environment: Environment,
  kind: SessionKind<S, Plan>,
  task: EndSession<S> & { readonly end: SessionEnd },
): Promise<Stored<S> | undefined> {
  return whileHeld(environment, kind, task, (held) => endHeld(environment, kind, held, task));
}

/**
 * Acts for an executor that is dead or late: resumes the application, and carries the session to its end if nothing
 * more has to be made. Resolves as `endSession` does; a session that has made nothing yet stays unfinished, for the
 * next executor.
 */
export async function thawSession<S extends AnySession, Plan>(
  environment: Environment,
  kind: SessionKind<S, Plan>,
  task: EndSession<S> & { readonly why: string },
): Promise<Stored<S> | undefined> {
  const { context, why } = task;
  return whileHeld(environment, kind, task, async (held) => {
    const plan = kind.goesOnResumed ? await kind.planEnd(environment, held.session(), context) : undefined;
    if (plan === undefined) {
      await endHeld(environment, kind, held, { context, end: { how: 'disrupted', why } });
    } else {
      const timeoutMs = kind.timeLimitMs(held.session(), context);
      await runSession(environment, kind, { held, plan, context, timeoutMs, onlyThaw: why });
    }
  });
}

async function whileHeld<S extends AnySession, Plan>(
  environment: Environment,
  kind: SessionKind<S, Plan>,
  { session, id, replacing }: EndSession<S>,
  work: (held: Held<S>) => Promise<void>,
): Promise<Stored<S> | undefined> {
  const held = await hold(environment, kind, session, id, replacing);
  if (held === undefined) return undefined;
  try {
    await work(held);
    return held.session();
  } finally {
    await held.release();
  }
}

/** As `endSession`, for an executor that holds the session already. Rejects with transient errors. */
export async function endHeld<S extends AnySession, Plan>(
  environment: Environment,
  kind: SessionKind<S, Plan>,
  held: Held<S>,
  { context, end }: { readonly context: SessionContext; readonly end: SessionEnd },
): Promise<void> {
  const session = held.session();
  const timeoutMs = kind.timeLimitMs(session, context);
  let { why } = end;
  // Before the session ran, nothing was quiesced and nothing made.
  if (session.status?.phase === 'Running') {
    try {
      const plan = await kind.planEnd(environment, session, context);
      if (plan !== undefined) {
        await runSession(environment, kind, { held, plan, context, timeoutMs, end });
        return;
      }
    } catch (error) {
      // The hook that resumes the application was tried: end the session by what its status alone tells.
      if (isTransient(error) || held.lost.aborted) throw error;
      if (isPermanent(error)) why += `; what it made could not be read: ${error.message}`;
    }
  }
  const now = environment.clock.now();
  await held.writeStatus(kind.failed(session, { end: { ...end, why }, context, timeoutMs, now }));
}
