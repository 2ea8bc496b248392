/** One restore, from its plan to the end of its session. */
import type { Named, Stored } from '#src/api/kubernetes.ts';
import { goesByHolder } from '#src/domain/session/holder.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import type { Target } from '#src/domain/target/target.ts';
import { createRestore } from '#src/session/begin-restore.ts';
import { annotate } from '#src/session/held.ts';
import { executorByDiscovery, type ExecutorMode } from '#src/session/executor.ts';
import { awaitPickUp } from '#src/session/pick-up.ts';
import type { RestorePlan } from '#src/session/plan-restore.ts';
import { runRestore } from '#src/session/restore.ts';

import type { FollowEnvironment } from './follow.ts';
import { orHowToGoOn } from './interruption.ts';
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
  readonly timeoutMs: number;
  /** The command that goes on with it. */
  readonly again: string;
  readonly say: (line: string) => void;
}

/** An operator of ours takes a session in less. */
const pickUpWithinMs = 2_000;

/** Resolves with the session's end, good or bad. */
export async function carryOutRestore(
  environment: FollowEnvironment,
  task: CarryOutRestore,
): Promise<Progress> {
  const { wanted, unfinished, plan, target, namespace, mode, id, timeoutMs, again, say } = task;
  const executor = executorByDiscovery(task.groups, mode);
  const session =
    unfinished ??
    (await createRestore(environment, executor === 'local' ? heldBy(wanted, id) : wanted, task.nameAt));
  const { name } = session.metadata;
  if (unfinished) say(`restoresession/${name} is unfinished: going on with it`);

  const follow = (endWhenDead: boolean) =>
    followRestore(environment, { name, namespace }, { timeoutMs, endWhenDead, resume: again });
  const carryOut = async () => {
    if (executor === 'appscode' || executor === 'operator') return (await follow(false)).progress;
    if (executor === undefined) {
      const taken = await awaitPickUp(environment, restoreSessions, session, pickUpWithinMs);
      if (taken && !goesByHolder(taken)) return (await follow(false)).progress;
      if (!taken) say(`no operator answers in namespace ${namespace}: carrying the session out from here`);
    }
    return seeThrough(environment, {
      resource: restoreSessions,
      session,
      id,
      say,
      follow: () => follow(true),
      execute: (held) => runRestore(environment, { held, target, namespace, ...plan, timeoutMs }),
    });
  };
  return orHowToGoOn(carryOut(), { session: `restoresession/${name}`, name, namespace, again });
}

/** Taken in the same write that creates it. */
function heldBy(session: Named<RestoreSession>, id: string): Named<RestoreSession> {
  const { annotations } = annotate({ id, counter: 0 }).metadata;
  const metadata = { ...session.metadata, annotations: { ...session.metadata.annotations, ...annotations } };
  return { ...session, metadata };
}
