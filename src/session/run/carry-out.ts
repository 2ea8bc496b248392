/**
 * Carries an existing session out to its end, from whatever state it is in: takes and runs it, or waits until its
 * holder finishes or dies. A Job, the operator and the command line all use this loop.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';

import { awaitHolder, isTakenOver, lookAgain } from '#src/session/holding/await-holder.ts';
import { endHeld } from './end.ts';
import type { Environment } from '#src/session/environment.ts';
import type { Held, HoldEnvironment } from '#src/session/holding/held.ts';
import { hold } from '#src/session/holding/hold.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';
import { runSession } from './run-session.ts';
import { isPermanent } from '#src/session/permanent-error.ts';

export interface Vacant<S extends AnySession> {
  readonly session: Stored<S>;
  /** The holder that this executor has seen dead. Undefined if the session has no holder. */
  readonly replacing: Holder | undefined;
}

export interface HoldOrWait<S extends AnySession, Result> {
  /** This executor's id. */
  readonly id: string;
  readonly execute: (held: Held<S>) => Promise<Result>;
  /** Called when another executor has taken the session over while this one ran it. */
  readonly onTakenOver?: () => void;
  /** What to do while another executor holds the session. */
  readonly otherwise: (session: Stored<S>) => Promise<{ readonly result: Result } | Vacant<S>>;
}

/**
 * Resolves with the result of `execute` or `otherwise`. Rejects as they do, unless another executor took the session
 * over.
 */
export async function holdOrWait<S extends AnySession, Result>(
  environment: HoldEnvironment,
  kind: Pick<SessionKind<S, never>, 'resource' | 'words'>,
  first: Vacant<S>,
  { id, execute, onTakenOver, otherwise }: HoldOrWait<S, Result>,
): Promise<Result> {
  for (let { session, replacing } = first; ;) {
    const held = await hold(environment, kind, session, id, replacing);
    if (held) {
      try {
        return await execute(held);
      } catch (error) {
        if (!isTakenOver(held)) throw error;
        onTakenOver?.();
      } finally {
        await held.release();
      }
    }
    const next = await otherwise(session);
    if ('result' in next) return next.result;
    ({ session, replacing } = next);
  }
}

export interface CarryOut<S extends AnySession> {
  readonly session: Stored<S>;
  /** This executor's id. */
  readonly id: string;
  /** A holder that this executor has seen dead. */
  readonly replacing?: Holder | undefined;
  readonly context?: SessionContext;
  /** While another executor holds the session: wait for its end or its death, or leave the session alone. */
  readonly held: 'wait' | 'leave';
}

/**
 * Resolves with the session as last read, which is final unless it was left to another executor. A permanent error ends
 * the session Failed or Invalid. Rejects with transient errors, such as 'unreachable' and 'interrupted'.
 */
export function carryOut<S extends AnySession, Plan>(
  environment: Environment,
  kind: SessionKind<S, Plan>,
  { session, id, replacing, context = {}, held: elsewhere }: CarryOut<S>,
): Promise<Stored<S>> {
  return holdOrWait<S, Stored<S>>(
    environment,
    kind,
    { session, replacing },
    {
      id,
      execute: async (held) => {
        await execute(environment, kind, held, context);
        return held.session();
      },
      otherwise: async (last) => {
        if (elsewhere === 'leave') return { result: await lookAgain(environment, kind.resource, last) };
        const jobName = kind.jobName(last.metadata.name);
        const { session, dead } = await awaitHolder(environment, kind.resource, last, jobName);
        return isFinal(session) ? { result: session } : { session, replacing: dead };
      },
    },
  );
}

async function execute<S extends AnySession, Plan>(
  environment: Environment,
  kind: SessionKind<S, Plan>,
  held: Held<S>,
  given: SessionContext,
): Promise<void> {
  let context = given;
  try {
    context = await kind.complete(environment, held.session(), given);
    const plan = await kind.plan(environment, held, context);
    const timeoutMs = kind.timeLimitMs(held.session(), context);
    await runSession(environment, kind, { held, plan, context, timeoutMs });
  } catch (error) {
    if (!isPermanent(error) || held.lost.aborted) throw error;
    const session = held.session();
    if (kind.invalid && error.kind === 'invalid' && session.status?.phase !== 'Running') {
      await held.writeStatus(kind.invalid(session, error.message, environment.clock.now()));
      return;
    }
    // The previous executor may have quiesced the application: `endHeld` resumes it.
    await endHeld(environment, kind, held, { context, end: { how: 'disrupted', why: error.message } });
  }
}
