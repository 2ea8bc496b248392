/** Runs a session that this executor holds, from whatever state it is in. */
import type { AnySession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { connectionNotes } from '#src/cluster/observe.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import type { ClaimProgress, Progress } from '#src/domain/session/progress.ts';
import type { SessionEnd } from '#src/domain/session/session-end.ts';
import { sessionProgress } from '#src/domain/session/session-progress.ts';

import { createMaker } from './create-made.ts';
import { drive } from './drive.ts';
import type { Environment } from '#src/session/environment.ts';
import type { Held } from '#src/session/holding/held.ts';
import { createSessionHookRunner } from '#src/session/hooks/session-hook-runner.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';

export interface RunSession<S extends AnySession, Plan> {
  readonly held: Held<S>;
  readonly plan: Plan;
  readonly context: SessionContext;
  readonly timeoutMs: number;
  /** The deadline of a session whose own does not count. Default: `timeoutMs` after its start. */
  readonly deadline?: Date | undefined;
  /** If set, create nothing more: resume the application, and fail unfinished claims for this reason. */
  readonly end?: SessionEnd | undefined;
  /** If set, create nothing more for this reason: resume the application, and wait for the objects that exist. */
  readonly onlyThaw?: string | undefined;
}

/**
 * Resolves with the final progress, whether the session succeeded or failed. Rejects if the executor cannot continue:
 * it was interrupted, another executor took the session over, the session was deleted, or a right was revoked.
 */
export async function runSession<S extends AnySession, Plan>(
  environment: Environment,
  kind: SessionKind<S, Plan>,
  { held, plan, context, timeoutMs, deadline, end, onlyThaw }: RunSession<S, Plan>,
): Promise<Progress> {
  const { clock, onChange } = environment;
  using loop = createLoop(clock, environment.signal, held.lost);
  const takenAt = clock.now();
  const { hooks, refused: hooksRefused } = await kind.hooks(environment, held.session(), plan, context);
  const refused = new Map<string, string>();
  const taken = new Set<string>();
  let hasAsked = false;
  const scenery = kind.observe({
    ...{ environment, loop, held, plan, context, timeoutMs, deadline, end, onlyThaw },
    ...{ hooks, hooksRefused, takenAt, refused, taken, hasAsked: () => hasAsked },
  });
  const { made, target, knownBy } = scenery;
  const maker = createMaker(environment, {
    ...{ held, loop, made, refused, taken, rules: kind.makes },
    onAsk: () => (hasAsked = true),
    onTrouble: () => {
      onChange(progressNow());
    },
  });

  const progressOf = (claims: readonly ClaimProgress[]): Progress =>
    sessionProgress(kind, {
      ...{ session: held.session(), target, claims, timeoutMs },
      notes: [
        ...new Set([
          ...(made.lost() !== undefined ? connectionNotes(made) : held.trouble.notes()),
          ...maker.notes(),
        ]),
        ...duty.notes(),
      ],
    });

  const progressNow = () => progressOf(scenery.look(clock.now()).claims());

  const duty = createSessionHookRunner(environment, {
    ...{ held, hooks, record: kind.hookRecord },
    ...{ target: scenery.hookTarget, maxFreezeMs: scenery.maxFreezeMs },
    mayBeQuiet: kind.hookState(held.session()).quiescedSince !== undefined,
    onChange: () => {
      onChange(progressNow());
    },
  });

  if (scenery.ready) await loop.race(orUntil(clock, knownBy(takenAt, false), scenery.ready));
  return await drive({
    ...{ loop, clock, held, made, knownBy, onChange },
    startBy: deadline,
    create: maker.create,
    look: (now) => {
      const { claims, step } = scenery.look(now);
      return { progress: progressOf(claims()), step: step() };
    },
    runHook: duty.run,
    leave: () => duty.leave(scenery.look(clock.now()).leave()),
  });
}
