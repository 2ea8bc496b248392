/** Carries out the actions about a session's executor, the same for both kinds. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { readHolder, type Holder } from '#src/domain/session/holder.ts';
import { holderLife } from '#src/domain/session/holder-life.ts';
import { jobState } from '#src/domain/session/job-state.ts';
import type { ExecutorAction } from '#src/domain/operator/decide-executor.ts';
import { executorEnsured } from '#src/domain/session/end-status.ts';
import type { SessionEnd } from '#src/domain/session/session-end.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { assertNever, isStashError } from '#src/errors.ts';
import { lookAgain } from '#src/session/holding/await-holder.ts';
import { carryOut } from '#src/session/run/carry-out.ts';
import { endSession, thawSession } from '#src/session/run/end.ts';
import type { Environment } from '#src/session/environment.ts';

import { changeStatus, giveBack } from './change-session.ts';
import { placesOfNamespace } from './fair-line.ts';
import { deleteJob, ensureJob, isReallyGone, learnPods } from './session-job.ts';
import type { OperatedKind, SeenSession, SessionNews, Told } from './session-kind.ts';
import type { SessionMemory } from './session-memory.ts';
import type { SessionRuns } from './session-runs.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

/** The state about sessions that this process keeps in memory. */
export interface SessionState {
  readonly memory: SessionMemory;
  readonly runs: SessionRuns;
}

export interface SessionSteps<S extends AnySession, Seen> extends SessionNews<S, Seen> {
  apply(seen: Seen, action: ExecutorAction, signal: AbortSignal): Promise<Then>;
}

export function sessionSteps<
  S extends AnySession,
  Plan,
  Seen extends SeenSession<S>,
  Own extends { readonly do: string },
>(
  world: World,
  operated: OperatedKind<S, Plan, Seen, Own>,
  { memory, runs }: SessionState,
): SessionSteps<S, Seen> {
  const { cluster, clock, options, id } = world;
  const { kind, kept } = operated;
  const { prefix } = kind.words;
  const warn = (line: string) => {
    world.log.warn(line);
  };
  const environment = (signal: AbortSignal): Environment => ({
    ...{ cluster, clock, signal, tell: warn, onChange: () => undefined },
    podsOnly: 'the operator connects to pods of the target only; with --run-sessions=in-jobs the Job does',
  });

  /** The cache has a part of each session; an executor goes on from that if it holds the session already. */
  const whole = async (session: Stored<S>, signal: AbortSignal): Promise<Stored<S>> =>
    readHolder(session)?.id === id ? await lookAgain(environment(signal), kept.resource, session) : session;

  const tell: SessionSteps<S, Seen>['tell'] = (session, type, reason, message) => {
    if (memory.isFirst(session.metadata.uid, message)) {
      world.event(kept.resource, session, type, reason, message);
    }
  };

  const tellCondition = async (seen: Seen, condition: Told) => {
    await changeStatus(world, kept, seen.session, (present) =>
      isFinal(present) ? undefined : operated.mark(present, condition, seen),
    );
  };

  const ensure = async (seen: Seen, signal: AbortSignal): Promise<Then> => {
    const { session, jobName } = seen;
    try {
      const job = await operated.prepareJob(seen);
      if (job === undefined) return undefined;
      if ((await ensureJob(world, job, session.metadata.uid)) === 'foreign') {
        const why = `job ${jobName} exists and was not created for this session`;
        return await end(seen, { how: 'not-ensured', why }, signal);
      }
      const message = `job ${jobName} carries the session out`;
      await tellCondition(seen, executorEnsured(prefix, true, message));
      tell(session, 'Normal', `SuccessfullyEnsured${prefix}Executor`, message);
      return 'again';
    } catch (error) {
      if (!isStashError(error, 'forbidden', 'invalid', 'precondition', 'server')) throw error;
      const message = `job ${jobName} cannot be created: ${error.message}`;
      tell(session, 'Warning', `FailedToEnsure${prefix}Executor`, message);
      if (error.kind === 'invalid') return await end(seen, { how: 'not-ensured', why: message }, signal);
      // Retry: a quota may be raised, a right granted, a webhook recover, a conflicting object be deleted.
      await tellCondition(seen, executorEnsured(prefix, false, message));
      throw error;
    }
  };

  const end = async (seen: Seen, how: SessionEnd, signal: AbortSignal): Promise<Then> => {
    const { session, job, jobName } = seen;
    const replacing = readHolder(session);
    const { namespace = '', uid } = session.metadata;
    const at = { namespace, name: jobName };
    // Deleting the Job deletes its pods and their termination messages, which the watch may not have delivered yet.
    if (job && memory.isFirst(uid, 'looked for last words')) {
      await learnPods(world, at);
      return 'again';
    }
    // A session that never had a Job or a holder needs no confirmation that they are gone.
    if ((seen.ensured || replacing) && !(await isReallyGone(world, at, replacing))) return 'again';
    runs.finish({ uid, namespace }, signal, async (stop) => {
      const ended = await endSession(environment(stop), kind, {
        ...{ session: await whole(session, stop), id, replacing, context: operated.contextOf(session, seen) },
        end: how,
      });
      kept.cache.learn(ended ?? (await lookAgain(environment(stop), kept.resource, session)));
      if (ended && job && how.how !== 'not-ensured') await deleteJob(world, job);
    });
    return undefined;
  };

  const thaw = async (seen: Seen, why: string, signal: AbortSignal): Promise<Then> => {
    const { session, job, jobName, now } = seen;
    const replacing = readHolder(session);
    const { namespace = '', uid } = session.metadata;
    const isUnseen = holderLife(seen, now).state === 'gone';
    if (isUnseen && !(await isReallyGone(world, { namespace, name: jobName }, replacing))) return 'again';
    tell(session, 'Warning', `${prefix}Thawed`, `the operator thaws the application: ${why}`);
    runs.finish({ uid, namespace }, signal, async (stop) => {
      const thawed = await thawSession(environment(stop), kind, {
        ...{ session: await whole(session, stop), id, replacing, why },
        context: operated.contextOf(session, seen),
      });
      const present = thawed ?? (await lookAgain(environment(stop), kept.resource, session));
      kept.cache.learn(present);
      if (thawed && job && isFinal(present)) await deleteJob(world, job);
    });
    return undefined;
  };

  const run = async (seen: Seen, signal: AbortSignal, replacing: Holder | undefined): Promise<Then> => {
    const { session } = seen;
    const { namespace = '', name, uid } = session.metadata;
    const began = runs.start({ uid, namespace }, signal, async (stop) => {
      // The session may have changed while it was queued.
      const now = await whole(kept.cache.get(namespace, name) ?? session, stop);
      const context = operated.contextOf(now, seen);
      const task = { session: now, id, replacing, context, held: 'leave' } as const;
      kept.cache.learn(await carryOut(environment(stop), kind, task));
    });
    tell(session, 'Normal', 'CarriedOutByOperator', 'the operator carries the session out itself');
    if (began === 'queued') {
      const places = options.sessionsAtOnce;
      const message =
        `queued: the operator carries out ${places} sessions at a time, ` +
        `and ${placesOfNamespace(places)} of one namespace`;
      await tellCondition(seen, executorEnsured(prefix, true, message));
    }
    return undefined;
  };

  return {
    tell,
    tellCondition,
    async apply(seen, action, signal) {
      const { session, job, jobName } = seen;
      switch (action.do) {
        case 'wait': {
          const state = job && jobState(job, seen.pods);
          // A Job that waits for the user to act is reported at once.
          if (state?.state === 'waiting' && state.stuck) {
            tell(session, 'Warning', `${prefix}Waiting`, `job ${jobName}: ${state.why}`);
          }
          return action.until && { at: action.until };
        }
        case 'ensure-job':
          return await ensure(seen, signal);
        case 'run':
          return await run(seen, signal, action.replacing);
        case 'give-back':
          await giveBack(world, kept, session);
          return 'again';
        case 'thaw':
          return await thaw(seen, action.why, signal);
        case 'stop-executor':
          tell(session, 'Warning', `${prefix}Stopped`, `stopping the executor: ${action.why}`);
          runs.stop(session.metadata.uid);
          // The watch reports the end of the Job.
          if (job) await deleteJob(world, job);
          return undefined;
        case 'end':
          return await end(seen, action.end, signal);
        default:
          return assertNever(action);
      }
    },
  };
}
