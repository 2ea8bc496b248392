/** Carries one restore out, from its plan to the end of its session. */
import type { Named, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { createRestore } from '#src/session/plan/begin-restore.ts';
import type { Executor } from '#src/session/holding/executor.ts';
import { annotate, type HoldEnvironment } from '#src/session/holding/held.ts';
import { restore } from '#src/session/kinds/restore.ts';
import type { RestorePlan } from '#src/session/plan/plan-restore.ts';

import { carryOutHere, type Course } from './carry-out.ts';
import type { FollowEnvironment } from './follow.ts';
import { orNotBegun } from './interruption.ts';
import { within, withinLimit } from './limit.ts';

export interface TakeRestore {
  readonly wanted: Named<RestoreSession>;
  /** Makes the session's name; left out: the name comes from a file. */
  readonly nameAt?: ((at: Date) => string) | undefined;
  /** The session to go on with; undefined: create `wanted`. */
  readonly unfinished: Stored<RestoreSession> | undefined;
  readonly plan: RestorePlan;
  readonly target: Target | undefined;
  readonly namespace: string;
  /** Undefined if unknown before the session exists. */
  readonly executor: Executor | undefined;
  /** This executor's id. */
  readonly id: string;
  /** Milliseconds that the session may take if this command carries it out. */
  readonly timeoutMs: number;
  /** Milliseconds that the command waits, in total; undefined: until the session has ended. */
  readonly limitMs: number | undefined;
  /** The command that goes on with the session. */
  readonly again: string;
  readonly say: (line: string) => void;
}

/** The limit is also the session's timeOut: its operator has this time to write how the session ended. */
const endWithinMs = 5_000;

/** Resolves with the final progress, good or bad. Rejects as `carryOutHere` does. */
export function takeRestore(environment: FollowEnvironment, task: TakeRestore): Promise<Progress> {
  const { wanted, unfinished, plan, target, namespace, executor, id, timeoutMs, again, say } = task;
  const graceMs = unfinished === undefined ? endWithinMs : 0;
  return withinLimit(environment, { timeoutMs: task.limitMs, graceMs }, async (limit) => {
    const session =
      unfinished ??
      (await orNotBegun(
        createRestore(
          within(environment, limit),
          executor === 'local' ? heldBy(wanted, id) : wanted,
          task.nameAt,
        ),
        { limit, waitsFor, again },
      ));
    if (unfinished) say(`restoresession/${session.metadata.name} is unfinished: going on with it`);
    return await carryOutHere(environment, restore, {
      ...{ session, id, timeoutMs, limit, again, say },
      course: courseOf(executor, namespace),
      context: {},
      plan: () => Promise.resolve({ ...plan, target }),
    });
  });
}

export interface LeaveRestore {
  readonly session: Named<RestoreSession>;
  readonly nameAt: ((at: Date) => string) | undefined;
  readonly limitMs: number | undefined;
  readonly again: string;
}

/** Creates the session and leaves it to an operator. */
export function leaveRestore(
  environment: HoldEnvironment,
  { session, nameAt, limitMs, again }: LeaveRestore,
): Promise<Stored<RestoreSession>> {
  return withinLimit(environment, { timeoutMs: limitMs }, (limit) =>
    orNotBegun(createRestore(within(environment, limit), session, nameAt), { limit, waitsFor, again }),
  );
}

function waitsFor(): string {
  return 'another session has its name';
}

function courseOf(executor: Executor | undefined, namespace: string): Course<RestoreSession> {
  if (executor === 'local') return { do: 'here' };
  if (executor !== undefined) return { do: 'follow' };
  return {
    do: 'offer',
    operator: 'unknown',
    otherwise: `no operator found in namespace ${namespace}: running the session from here`,
  };
}

/** The session with its holder: this executor takes it by creating it. */
function heldBy(session: Named<RestoreSession>, id: string): Named<RestoreSession> {
  const { annotations } = annotate({ id, counter: 0 }).metadata;
  const metadata = { ...session.metadata, annotations: { ...session.metadata.annotations, ...annotations } };
  return { ...session, metadata };
}
