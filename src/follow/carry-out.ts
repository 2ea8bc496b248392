/**
 * Brings a command's session to its end. The command carries the session out itself, or follows the operator that does.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { goesByHolder } from '#src/domain/session/holder.ts';
import { operatorAnswersMs } from '#src/domain/session/patience.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { holdOrWait, type Vacant } from '#src/session/run/carry-out.ts';
import type { Held } from '#src/session/holding/held.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';
import { persist } from '#src/session/persist.ts';
import { awaitPickUp } from '#src/session/holding/pick-up.ts';
import { runSession } from '#src/session/run/run-session.ts';

import { follow, type FollowEnvironment } from './follow.ts';
import { limited, orHowToGoOn, type Sight } from './interruption.ts';
import { executing, type Limit } from './limit.ts';

/** Who carries a session out, as far as the command knows once the session exists. */
export type Course<S extends AnySession> =
  /** An operator carries the session out, and never this command. */
  | { readonly do: 'follow' }
  /**
   * An operator carries the session out if it takes the session in time; else this command, which then prints
   * `otherwise`.
   */
  | {
      readonly do: 'offer';
      /** Whether an operator has answered before. */
      readonly operator: 'known' | 'unknown';
      readonly otherwise: string;
      readonly onTaken?: (session: Stored<S>) => void;
    }
  /** This command carries the session out. It prints `why` if the user may expect an operator. */
  | { readonly do: 'here'; readonly why?: string | undefined };

export interface CarryOutHere<S extends AnySession, Plan> {
  readonly session: Stored<S>;
  readonly course: Course<S>;
  /** This executor's id. */
  readonly id: string;
  /** Milliseconds that the session may take if this command carries it out. */
  readonly timeoutMs: number;
  /** How long the command waits. Undefined: until the session has ended. */
  readonly limit: Limit | undefined;
  /** The command that continues the session. */
  readonly again: string | undefined;
  readonly context: SessionContext;
  readonly plan: (held: Held<S>) => Promise<Plan>;
  /** Called before this command takes the session. */
  readonly onTake?: () => void;
  /** Called with the ended session if this command has carried it out. */
  readonly onEnd?: (session: Stored<S>) => void;
  readonly say: (line: string) => void;
}

/**
 * Resolves with the final progress, whether the session succeeded or failed. Rejects with 'timed-out' after the limit,
 * and with 'interrupted', both with hints how to continue; else as the executor does.
 */
export function carryOutHere<S extends AnySession, Plan>(
  environment: FollowEnvironment,
  kind: SessionKind<S, Plan>,
  task: CarryOutHere<S, Plan>,
): Promise<Progress> {
  const { session, again, limit } = task;
  const { name, namespace = '' } = session.metadata;
  const sight: Sight = { progress: undefined, doing: 'pick-up' };
  const unfinished = { session: sessionNamed(kind.resource, name), name, namespace, again, limit };
  return orHowToGoOn(
    run(environment, { within: limited(environment, limit, sight), sight }, kind, task),
    unfinished,
    sight,
  );
}

async function run<S extends AnySession, Plan>(
  environment: FollowEnvironment,
  { within, sight }: { readonly within: FollowEnvironment; readonly sight: Sight },
  kind: SessionKind<S, Plan>,
  task: CarryOutHere<S, Plan>,
): Promise<Progress> {
  const { session, course, id, timeoutMs, limit, again, context, say } = task;
  const { name, namespace = '' } = session.metadata;
  const watch = (endWhenDead: boolean) => {
    sight.doing = 'follow';
    return follow(within, kind, { name, namespace }, { timeoutMs, endWhenDead, resume: again });
  };
  if (course.do === 'follow') return (await watch(false)).progress;
  if (course.do === 'offer') {
    const taken = await awaitPickUp(within, kind.resource, session, operatorAnswersMs[course.operator]);
    if (taken) course.onTaken?.(taken);
    if (taken && !goesByHolder(taken)) return (await watch(false)).progress;
    if (!taken) say(course.otherwise);
  } else if (course.why !== undefined) say(course.why);
  task.onTake?.();
  const untilLimit = { ...environment, until: limit?.at };
  return holdOrWait<S, Progress>(
    untilLimit,
    kind,
    { session, replacing: undefined },
    {
      id,
      execute: async (held) => {
        const plan = await task.plan(held);
        sight.doing = 'carry-out';
        const progress = await runSession(executing({ environment, within }, held.session(), limit), kind, {
          ...{ held, plan, context, timeoutMs },
          deadline: limit?.at,
        });
        task.onEnd?.(held.session());
        return progress;
      },
      onTakenOver: () => {
        say(`${sessionNamed(kind.resource, name)} was taken over by another executor: following it`);
      },
      otherwise: async (): Promise<{ result: Progress } | Vacant<S>> => {
        const { progress, ended } = await watch(true);
        if (ended === 'verdict') return { result: progress };
        if (ended.dead) say(`${ended.dead.id} has shown no sign of life; taking ${name} over`);
        const present = () => environment.cluster.get(kind.resource, name, namespace);
        return { session: await persist(untilLimit, present), replacing: ended.dead };
      },
    },
  );
}
