/** One restore, from its plan to the end of its session. */
import type { Named, Stored } from '#src/api/kubernetes.ts';
import { goesByHolder } from '#src/domain/session/holder.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { createRestore } from '#src/session/begin-restore.ts';
import { annotate } from '#src/session/held.ts';
import { executorByDiscovery, type ExecutorMode } from '#src/session/executor.ts';
import { awaitPickUp } from '#src/session/pick-up.ts';
import type { RestorePlan } from '#src/session/plan-restore.ts';
import { runRestore } from '#src/session/restore.ts';

import type { FollowEnvironment } from './follow.ts';
import { limited, orHowToGoOn, orNotBegun, type Sight } from './interruption.ts';
import { executing, withinLimit, type Limit } from './limit.ts';
import { followRestore } from './restore.ts';
import { seeThrough } from './see-through.ts';

export interface CarryOutRestore {
  readonly wanted: Named<RestoreSession>;
  /** Left out: `wanted` has its name from a file. */
  readonly nameAt?: ((at: Date) => string) | undefined;
  /** The session that goes on; left out: `wanted` has to be created. */
  readonly unfinished: Stored<RestoreSession> | undefined;
  readonly plan: RestorePlan;
  readonly target: Target | undefined;
  readonly namespace: string;
  /** API groups of the server. */
  readonly groups: readonly string[];
  readonly mode: ExecutorMode;
  /** Of this executor. */
  readonly id: string;
  /** How long the session may take where this command carries it out. */
  readonly timeoutMs: number;
  /** How long the command waits, for all that it waits for; undefined: until the session has ended. */
  readonly limitMs: number | undefined;
  /** The command that goes on with it. */
  readonly again: string;
  readonly say: (line: string) => void;
}

/** An operator of ours takes a session in less. */
const pickUpWithinMs = 2_000;

/** The limit is written on the session: an operator that goes by it has this time to say how it ended. */
const endWithinMs = 5_000;

/** Resolves with the session's end, good or bad. */
export function carryOutRestore(environment: FollowEnvironment, task: CarryOutRestore): Promise<Progress> {
  const graceMs = task.unfinished === undefined ? endWithinMs : 0;
  return withinLimit(environment, { timeoutMs: task.limitMs, graceMs }, (limit) =>
    carryOutWithin(environment, task, limit),
  );
}

async function carryOutWithin(
  environment: FollowEnvironment,
  task: CarryOutRestore,
  limit: Limit | undefined,
): Promise<Progress> {
  const { wanted, unfinished, plan, target, namespace, mode, id, timeoutMs, again, say } = task;
  const executor = executorByDiscovery(task.groups, mode);
  const sight: Sight = { progress: undefined, doing: 'pick-up' };
  const within = limited(environment, limit, sight);
  const session =
    unfinished ??
    (await orNotBegun(
      createRestore(within, executor === 'local' ? heldBy(wanted, id) : wanted, task.nameAt),
      { limit, waitsFor: () => 'another session has its name', again },
    ));
  const { name } = session.metadata;
  if (unfinished) say(`restoresession/${name} is unfinished: going on with it`);

  const follow = (endWhenDead: boolean) => {
    sight.doing = 'follow';
    return followRestore(within, { name, namespace }, { timeoutMs, endWhenDead, resume: again });
  };
  const carryOut = async () => {
    if (executor === 'appscode' || executor === 'operator') return (await follow(false)).progress;
    if (executor === undefined) {
      const taken = await awaitPickUp(within, restoreSessions, session, pickUpWithinMs);
      if (taken && !goesByHolder(taken)) return (await follow(false)).progress;
      if (!taken) say(`no operator answers in namespace ${namespace}: carrying the session out from here`);
    }
    return seeThrough(environment, {
      resource: restoreSessions,
      session,
      id,
      say,
      follow: () => follow(true),
      execute: (held) => {
        sight.doing = 'carry-out';
        return runRestore(executing({ environment, within }, held.session(), limit), {
          ...{ held, target, namespace, ...plan, timeoutMs },
          deadline: limit?.at,
        });
      },
    });
  };
  const told = { session: `restoresession/${name}`, name, namespace, again, limit };
  return orHowToGoOn(carryOut(), told, sight);
}

/** Taken in the same write that creates it. */
function heldBy(session: Named<RestoreSession>, id: string): Named<RestoreSession> {
  const { annotations } = annotate({ id, counter: 0 }).metadata;
  const metadata = { ...session.metadata, annotations: { ...session.metadata.annotations, ...annotations } };
  return { ...session, metadata };
}
