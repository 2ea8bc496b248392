/** What is done for a BackupSession, one function for each thing that can be decided. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { readHolder, type Holder } from '#src/domain/holder.ts';
import { buildBackupJob } from '#src/domain/operator/build-session-job.ts';
import {
  isSkipped,
  type BackupSessionAction,
  type BackupSessionWorld,
} from '#src/domain/operator/decide-backup-session.ts';
import { executorEnsured, type SessionEnd } from '#src/domain/operator/end-session.ts';
import { skipped, withExecutor } from '#src/domain/operator/mark-backup.ts';
import { isFinal } from '#src/domain/session-status.ts';
import { assertNever, isStashError } from '#src/errors.ts';
import { lookAgain } from '#src/session/await-holder.ts';
import { carryOutBackup } from '#src/session/carry-out-backup.ts';
import { endBackup } from '#src/session/end-backup.ts';
import { tidyUp } from '#src/session/tidy.ts';

import { changeStatus, giveBack } from './change-session.ts';
import { deleteJob, ensureJob, isReallyGone } from './session-job.ts';
import { stopExecutor, waitFor } from './session-steps.ts';
import type { SessionMemory } from './session-memory.ts';
import type { SessionRuns } from './session-runs.ts';
import { shareReads } from './shared-reads.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

export function backupSteps(
  world: World,
  { memory, runs }: { readonly memory: SessionMemory; readonly runs: SessionRuns },
): (seen: BackupSessionWorld, action: BackupSessionAction, signal: AbortSignal) => Promise<Then> {
  const { cluster, clock, caches, options, id } = world;
  const kept = { resource: backupSessions, cache: caches.backupSessions };
  const reads = shareReads(cluster);
  /** Whose tidying the watch has yet to tell of. */
  const tidied = new Set<string>();

  const tell = (
    session: Stored<BackupSession>,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ) => {
    if (memory.isNews(session.metadata.uid, message))
      world.event(backupSessions, session, type, reason, message);
  };

  const environment = (signal: AbortSignal) => ({ cluster, clock, signal, onChange: () => undefined });

  /** That somebody will carry it out, or that nobody can: unless it has begun, or ended, meanwhile. */
  const tellExecutor = (seen: BackupSessionWorld, ensured: boolean, message: string) =>
    changeStatus(world, kept, seen.session, (present) =>
      isFinal(present)
        ? undefined
        : withExecutor(present, seen.configuration, executorEnsured('Backup', ensured, message), clock.now()),
    );

  const ensure = async (seen: BackupSessionWorld): Promise<Then> => {
    const { session, configuration, jobName } = seen;
    if (configuration === undefined) return undefined;
    try {
      const done = await ensureJob(
        world,
        buildBackupJob(session, configuration, options),
        session.metadata.uid,
      );
      if (done === 'foreign') {
        const why = `job ${jobName} exists, and is not of this session`;
        return await end(seen, { how: 'not-ensured', why }, new AbortController().signal);
      }
      const message = `job ${jobName} carries it out`;
      await tellExecutor(seen, true, message);
      tell(session, 'Normal', 'SuccessfullyEnsuredBackupExecutor', message);
      return 'again';
    } catch (error) {
      if (!isStashError(error, 'forbidden', 'invalid')) throw error;
      const message = `job ${jobName} cannot be made: ${error.message}`;
      tell(session, 'Warning', 'FailedToEnsureBackupExecutor', message);
      if (error.kind === 'invalid') {
        return await end(seen, { how: 'not-ensured', why: message }, new AbortController().signal);
      }
      // A quota may be raised, a right be given.
      await tellExecutor(seen, false, message);
      throw error;
    }
  };

  const end = async (seen: BackupSessionWorld, how: SessionEnd, signal: AbortSignal): Promise<Then> => {
    const { session, configuration, job, jobName } = seen;
    const { namespace = '' } = session.metadata;
    const replacing = readHolder(session);
    const at = { namespace, name: jobName };
    // One that was never ensured has no Job that could be gone.
    if ((seen.ensured || replacing) && !(await isReallyGone(world, at, replacing))) return 'again';
    runs.stop(session.metadata.uid);
    const ended = await endBackup(environment(signal), {
      ...{ session, configuration, id, end: how, replacing },
      maxFreezeMs: options.maxFreezeMs,
    });
    caches.backupSessions.learn(ended ?? (await lookAgain(environment(signal), backupSessions, session)));
    if (ended && job && how.how !== 'not-ensured') await deleteJob(world, job);
    return 'again';
  };

  const run = async (
    seen: BackupSessionWorld,
    signal: AbortSignal,
    replacing: Holder | undefined,
  ): Promise<Then> => {
    const { session, configuration } = seen;
    const { namespace = '', name, uid } = session.metadata;
    const began = runs.start(uid, signal, async (stop) => {
      // It may have stood in line for long.
      const now = {
        session: caches.backupSessions.get(namespace, name) ?? session,
        configuration: caches.configurations.get(namespace, session.spec.invoker.name) ?? configuration,
      };
      const { maxFreezeMs } = options;
      const ended = await carryOutBackup(environment(stop), {
        ...now,
        id,
        replacing,
        held: 'leave',
        reads: reads(namespace),
        maxFreezeMs,
      });
      caches.backupSessions.learn(ended);
    });
    tell(session, 'Normal', 'CarriedOutByOperator', 'the operator carries it out itself');
    if (began === 'queued') {
      await tellExecutor(
        seen,
        true,
        `in line: ${options.sessionsAtOnce} sessions are carried out at the same time`,
      );
    }
    return undefined;
  };

  return async (seen, action, signal) => {
    const { session, now } = seen;
    const { namespace = '', name, uid } = session.metadata;
    switch (action.do) {
      case 'ignore':
        return undefined;
      case 'wait':
        return waitFor(seen, action, (message) => {
          tell(session, 'Warning', 'BackupWaiting', message);
        });
      case 'skip':
        await changeStatus(world, kept, session, (present) =>
          isFinal(present) || readHolder(present) ? undefined : skipped(present, action.why, now),
        );
        return 'again';
      case 'ensure-job':
        return ensure(seen);
      case 'run':
        return run(seen, signal, action.replacing);
      case 'give-back':
        await giveBack(world, kept, session);
        return 'again';
      case 'stop-executor':
        tell(session, 'Warning', 'BackupStopped', `its executor is stopped: ${action.why}`);
        return stopExecutor(world, seen, runs);
      case 'end':
        return end(seen, action.end, signal);
      case 'schedule-retry':
        await changeStatus(world, kept, session, (present) =>
          present.status?.nextRetry === undefined
            ? { ...present.status, nextRetry: action.at.toISOString() }
            : undefined,
        );
        return 'again';
      case 'retry': {
        const next = action.session;
        try {
          caches.backupSessions.learn(await cluster.create(backupSessions, next));
        } catch (error) {
          if (!isStashError(error, 'already-exists')) throw error;
        }
        await changeStatus(world, kept, session, (present) =>
          present.status?.retried === true ? undefined : { ...present.status, retried: true },
        );
        const left = next.spec.retryLeft ?? 0;
        tell(
          session,
          'Normal',
          'BackupRetried',
          `tried again by backupsession/${next.metadata.name}; ${left} left`,
        );
        return 'again';
      }
      case 'tidy': {
        const { configuration } = seen;
        if (configuration === undefined || tidied.has(uid)) return undefined;
        tidied.add(uid);
        const { deleted, notes } = await tidyUp(
          { cluster, clock, signal },
          { session, configuration },
          {
            // What was Skipped must not push out of the history what was not.
            sessions: [...caches.backupSessions.list(namespace)].filter(
              (other) => !isSkipped(session) || isSkipped(other),
            ),
          },
        );
        for (const note of notes) tell(session, 'Warning', 'FailedToTidyUp', note);
        world.log.info('tidied up', { namespace, name, ...deleted });
        return undefined;
      }
      default:
        return assertNever(action);
    }
  };
}
