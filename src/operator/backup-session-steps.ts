/** What is done for a BackupSession, one function for each thing that can be decided. */
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { buildBackupJob } from '#src/domain/operator/build-session-job.ts';
import {
  isSkipped,
  type BackupSessionAction,
  type BackupSessionWorld,
} from '#src/domain/operator/decide-backup-session.ts';
import { skipped, withExecutor } from '#src/domain/operator/mark-backup.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { assertNever, isStashError } from '#src/errors.ts';
import { carryOutBackup } from '#src/session/carry-out-backup.ts';
import { endBackup, thawBackup } from '#src/session/end-backup.ts';
import { tidyUp } from '#src/session/tidy.ts';

import { changeStatus } from './change-session.ts';
import { sessionSteps, type SessionDesk } from './session-steps.ts';
import { shareReads } from './shared-reads.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

export function backupSteps(
  world: World,
  desk: SessionDesk,
): (seen: BackupSessionWorld, action: BackupSessionAction, signal: AbortSignal) => Promise<Then> {
  const { cluster, clock, caches, options, id } = world;
  const { maxFreezeMs } = options;
  const kept = { resource: backupSessions, cache: caches.backupSessions };
  const reads = shareReads(cluster, clock);
  const steps = sessionSteps<BackupSession, BackupSessionWorld>(world, kept, desk, {
    kind: 'Backup',
    prepareJob: ({ session, configuration }) =>
      Promise.resolve(configuration && buildBackupJob(session, configuration, options)),
    mark: (present, condition, { configuration }) =>
      withExecutor(present, configuration, condition, clock.now()),
    carryOut(environment, session, replacing, seen) {
      const { namespace = '' } = session.metadata;
      const configuration =
        caches.configurations.get(namespace, session.spec.invoker.name) ?? seen.configuration;
      return carryOutBackup(environment, {
        ...{ session, configuration, id, replacing, maxFreezeMs },
        held: 'leave',
        reads: reads(namespace),
      });
    },
    thaw: (environment, how, { session, configuration }) =>
      thawBackup(environment, { session, configuration, id, maxFreezeMs, ...how }),
    end: (environment, how, { session, configuration }) =>
      endBackup(environment, { session, configuration, id, maxFreezeMs, ...how }),
  });

  /** Each kind has a watch of its own, and whoever saw the configuration Ready may have been quicker than its watch. */
  const isOutdated = async ({ session, configuration }: BackupSessionWorld): Promise<boolean> => {
    const { namespace = '' } = session.metadata;
    const fieldSelector = `metadata.name=${session.spec.invoker.name}`;
    const { items } = await cluster.list(backupConfigurations, { namespace, fieldSelector });
    const [present] = items;
    if (present === undefined) return false;
    caches.configurations.learn(present);
    return present.metadata.resourceVersion !== configuration?.metadata.resourceVersion;
  };

  const skip = async (seen: BackupSessionWorld, why: string): Promise<Then> => {
    // It is for good.
    if (await isOutdated(seen)) return 'again';
    const { session, now } = seen;
    await changeStatus(world, kept, session, (present) =>
      isFinal(present) || readHolder(present) ? undefined : skipped(present, why, now),
    );
    return 'again';
  };

  const scheduleRetry = async ({ session }: BackupSessionWorld, at: Date): Promise<Then> => {
    await changeStatus(world, kept, session, ({ status }) =>
      status?.nextRetry === undefined ? { ...status, nextRetry: at.toISOString() } : undefined,
    );
    return 'again';
  };

  const retry = async (
    { session }: BackupSessionWorld,
    { session: next }: Extract<BackupSessionAction, { do: 'retry' }>,
  ): Promise<Then> => {
    try {
      caches.backupSessions.learn(await cluster.create(backupSessions, next));
    } catch (error) {
      if (!isStashError(error, 'already-exists')) throw error;
    }
    await changeStatus(world, kept, session, ({ status }) =>
      status?.retried === true ? undefined : { ...status, retried: true },
    );
    const words = `tried again by backupsession/${next.metadata.name}; ${next.spec.retryLeft ?? 0} left`;
    steps.tell(session, 'Normal', 'BackupRetried', words);
    return 'again';
  };

  const tidy = async ({ session, configuration }: BackupSessionWorld, signal: AbortSignal): Promise<Then> => {
    const { namespace = '', name, uid } = session.metadata;
    // The watch may have yet to tell of it.
    if (configuration === undefined || !desk.memory.isFirst(uid, 'tidied up')) return undefined;
    // What was Skipped must not push out of the history what was not.
    const sessions = [...caches.backupSessions.list(namespace)].filter(
      (other) => !isSkipped(session) || isSkipped(other),
    );
    const ended = { session, configuration };
    const { deleted, notes } = await tidyUp({ cluster, clock, signal }, ended, { sessions });
    for (const note of notes) steps.tell(session, 'Warning', 'FailedToTidyUp', note);
    world.log.info('tidied up', { namespace, name, ...deleted });
    return undefined;
  };

  return async (seen, action, signal) => {
    switch (action.do) {
      case 'ignore':
        return undefined;
      case 'skip':
        return await skip(seen, action.why);
      case 'schedule-retry':
        return await scheduleRetry(seen, action.at);
      case 'retry':
        return await retry(seen, action);
      case 'tidy':
        return await tidy(seen, signal);
      case 'wait':
      case 'ensure-job':
      case 'run':
      case 'give-back':
      case 'thaw':
      case 'stop-executor':
      case 'end':
        return await steps.apply(seen, action, signal);
      default:
        return assertNever(action);
    }
  };
}
