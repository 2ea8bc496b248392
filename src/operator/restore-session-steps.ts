/** What is done for a RestoreSession, one function for each thing that can be decided. */
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import { clusterRole } from '#src/api/operator.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { readHolder, type Holder } from '#src/domain/holder.ts';
import { buildJobRights } from '#src/domain/operator/build-job-rights.ts';
import { buildRestoreJob } from '#src/domain/operator/build-session-job.ts';
import {
  timeoutOfRestore,
  type RestoreSessionAction,
  type RestoreSessionWorld,
} from '#src/domain/operator/decide-restore-session.ts';
import {
  executorEnsured,
  invalidRestore,
  type RestoreStatus,
  type SessionEnd,
} from '#src/domain/operator/end-session.ts';
import { createdAt, isFinal, withCondition } from '#src/domain/session-status.ts';
import { assertNever, isStashError } from '#src/errors.ts';
import { lookAgain } from '#src/session/await-holder.ts';
import { carryOutRestore } from '#src/session/carry-out-restore.ts';
import { endRestore } from '#src/session/end-restore.ts';

import { changeStatus, giveBack } from './change-session.ts';
import { ensureJobRights } from './job-rights.ts';
import { deleteJob, ensureJob, isReallyGone } from './session-job.ts';
import type { SessionMemory } from './session-memory.ts';
import type { SessionRuns } from './session-runs.ts';
import { stopExecutor, waitFor } from './session-steps.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

export function restoreSteps(
  world: World,
  { memory, runs }: { readonly memory: SessionMemory; readonly runs: SessionRuns },
): (seen: RestoreSessionWorld, action: RestoreSessionAction, signal: AbortSignal) => Promise<Then> {
  const { cluster, clock, caches, options, id } = world;
  const kept = { resource: restoreSessions, cache: caches.restoreSessions };

  const tell = (
    session: Stored<RestoreSession>,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ) => {
    if (memory.isNews(session.metadata.uid, message))
      world.event(restoreSessions, session, type, reason, message);
  };

  const environment = (signal: AbortSignal) => ({ cluster, clock, signal, onChange: () => undefined });

  /** Unless it has ended meanwhile. */
  const tellCondition = (seen: RestoreSessionWorld, condition: Omit<Condition, 'lastTransitionTime'>) =>
    changeStatus(world, kept, seen.session, (present) =>
      isFinal(present) ? undefined : withPending(present, condition, clock.now()),
    );

  const ensure = async (seen: RestoreSessionWorld, signal: AbortSignal): Promise<Then> => {
    const { session, jobName } = seen;
    try {
      await ensureJobRights(cluster, buildJobRights(session, [clusterRole.restorer]));
      const done = await ensureJob(world, buildRestoreJob(session, options), session.metadata.uid);
      if (done === 'foreign') {
        const why = `job ${jobName} exists, and is not of this session`;
        return await end(seen, { how: 'not-ensured', why }, signal);
      }
      const message = `job ${jobName} carries it out`;
      await tellCondition(seen, executorEnsured('Restore', true, message));
      tell(session, 'Normal', 'SuccessfullyEnsuredRestoreExecutor', message);
      return 'again';
    } catch (error) {
      if (!isStashError(error, 'forbidden', 'invalid', 'precondition')) throw error;
      const message = `job ${jobName} cannot be made: ${error.message}`;
      tell(session, 'Warning', 'FailedToEnsureRestoreExecutor', message);
      if (error.kind === 'invalid') return await end(seen, { how: 'not-ensured', why: message }, signal);
      // A quota may be raised, a right be given, what is in the way be deleted.
      await tellCondition(seen, executorEnsured('Restore', false, message));
      throw error;
    }
  };

  const end = async (seen: RestoreSessionWorld, how: SessionEnd, signal: AbortSignal): Promise<Then> => {
    const { session, job, jobName } = seen;
    const replacing = readHolder(session);
    const at = { namespace: session.metadata.namespace ?? '', name: jobName };
    // One that was never ensured has no Job that could be gone.
    if ((seen.ensured || replacing) && !(await isReallyGone(world, at, replacing))) return 'again';
    runs.stop(session.metadata.uid);
    const ended = await endRestore(environment(signal), { session, id, end: how, replacing });
    kept.cache.learn(ended ?? (await lookAgain(environment(signal), restoreSessions, session)));
    if (ended && job && how.how !== 'not-ensured') await deleteJob(world, job);
    return 'again';
  };

  const run = async (
    seen: RestoreSessionWorld,
    signal: AbortSignal,
    replacing: Holder | undefined,
  ): Promise<Then> => {
    const { session } = seen;
    const { namespace = '', name, uid } = session.metadata;
    const began = runs.start(uid, signal, async (stop) => {
      // It may have stood in line for long.
      const now = kept.cache.get(namespace, name) ?? session;
      const work = carryOutRestore(environment(stop), { session: now, id, replacing, held: 'leave' });
      kept.cache.learn(await work);
    });
    tell(session, 'Normal', 'CarriedOutByOperator', 'the operator carries it out itself');
    if (began === 'queued') {
      const message = `in line: ${options.sessionsAtOnce} sessions are carried out at the same time`;
      await tellCondition(seen, executorEnsured('Restore', true, message));
    }
    return undefined;
  };

  return async (seen, action, signal) => {
    const { session, now } = seen;
    switch (action.do) {
      case 'ignore':
        if (action.why !== undefined) tell(session, 'Warning', 'Ignored', action.why);
        return undefined;
      case 'wait':
        return waitFor(seen, action, (message) => {
          tell(session, 'Warning', 'RestoreWaiting', message);
        });
      case 'invalid':
        await changeStatus(world, kept, session, (present) =>
          isFinal(present) || readHolder(present)
            ? undefined
            : invalidRestore(present, action.why, now)(present.status),
        );
        return 'again';
      case 'tell-target':
        await tellCondition(seen, { type: 'RestoreTargetFound', ...action.sighting });
        if (action.sighting.status !== 'True') {
          tell(session, 'Warning', action.sighting.reason, action.sighting.message);
        }
        return 'again';
      case 'ensure-job':
        return ensure(seen, signal);
      case 'run':
        return run(seen, signal, action.replacing);
      case 'give-back':
        await giveBack(world, kept, session);
        return 'again';
      case 'stop-executor':
        tell(session, 'Warning', 'RestoreStopped', `its executor is stopped: ${action.why}`);
        return stopExecutor(world, seen, runs);
      case 'end':
        return end(seen, action.end, signal);
      default:
        return assertNever(action);
    }
  };
}

function withPending(
  present: Stored<RestoreSession>,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): RestoreStatus {
  const { status } = present;
  const deadline = new Date(createdAt(present).getTime() + timeoutOfRestore(present));
  return {
    ...status,
    phase: status?.phase ?? 'Pending',
    sessionDeadline: status?.sessionDeadline ?? deadline.toISOString(),
    conditions: withCondition(status?.conditions, condition, now),
  };
}
