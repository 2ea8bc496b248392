/** Carries out the actions that only a BackupSession has: one function for each. */
import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { find } from '#src/cluster/find.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import {
  isSkipped,
  type BackupSessionAction,
  type BackupSessionWorld,
} from '#src/domain/operator/decide-backup-session.ts';
import type { ExecutorAction } from '#src/domain/operator/decide-executor.ts';
import { skipped } from '#src/domain/operator/mark-backup.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { assertNever, isStashError } from '#src/errors.ts';
import type { BackupExecution } from '#src/session/kinds/backup.ts';
import { tidyUp } from '#src/session/after/tidy.ts';

import { changeStatus, type Kept } from './change-session.ts';
import type { OperatedKind } from './session-kind.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

type Own = Exclude<BackupSessionAction, ExecutorAction>;
type Backups = OperatedKind<BackupSession, BackupExecution, BackupSessionWorld, Own>;
type At = Parameters<Backups['apply']>[2];

export function backupSteps(world: World, kept: Kept<BackupSession>): Backups['apply'] {
  const { cluster, clock, caches } = world;
  const warn = (line: string) => {
    world.log.warn(line);
  };

  /**
   * Whether the API server has a newer version of the configuration than the cache. Each kind has its own watch: a user
   * may see the configuration Ready and create a session before the watch of configurations delivers that state.
   */
  const isOutdated = async ({ session, configuration }: BackupSessionWorld): Promise<boolean> => {
    const { namespace = '' } = session.metadata;
    const fieldSelector = `metadata.name=${session.spec.invoker.name}`;
    const { items } = await cluster.list(backupConfigurations, { namespace, fieldSelector });
    const [present] = items;
    if (present === undefined) return false;
    caches.configurations.learn(present);
    return present.metadata.resourceVersion !== configuration?.metadata.resourceVersion;
  };

  /** Whether the restore in place has ended, or continued, since the cache received it. */
  const hasSwapChanged = async ({ swap }: BackupSessionWorld): Promise<boolean> => {
    if (swap === undefined) return false;
    const { name, namespace, resourceVersion } = swap.metadata;
    const present = await find(cluster, restoreSessions, { name, namespace });
    if (present) caches.restoreSessions.learn(present);
    return present?.metadata.resourceVersion !== resourceVersion;
  };

  const skip = async (seen: BackupSessionWorld, why: string): Promise<Then> => {
    // Skipped is a final phase: decide only on the newest configuration.
    if ((await isOutdated(seen)) || (await hasSwapChanged(seen))) return 'again';
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
    { session: next }: Extract<Own, { do: 'retry' }>,
    { steps }: At,
  ): Promise<Then> => {
    try {
      caches.backupSessions.learn(await cluster.create(backupSessions, next));
    } catch (error) {
      if (!isStashError(error, 'already-exists')) throw error;
    }
    await changeStatus(world, kept, session, ({ status }) =>
      status?.retried === true ? undefined : { ...status, retried: true },
    );
    const words = `retried as backupsession/${next.metadata.name}; retries left: ${next.spec.retryLeft ?? 0}`;
    steps.tell(session, 'Normal', 'BackupRetried', words);
    return 'again';
  };

  const tidy = (
    { session, configuration }: BackupSessionWorld,
    { steps, memory, runs, signal }: At,
  ): void => {
    const { namespace = '', name, uid } = session.metadata;
    // The watch may not have delivered the configuration yet.
    if (configuration === undefined || !memory.isFirst(uid, 'tidied up')) return;
    // A Skipped session must not displace a session with another result from the history.
    const sessions = [...caches.backupSessions.list(namespace)].filter(
      (other) => !isSkipped(session) || isSkipped(other),
    );
    const ended = { session, configuration };
    runs.finish({ uid, namespace }, signal, async (stop) => {
      const { deleted, notes } = await tidyUp({ cluster, clock, signal: stop, tell: warn }, ended, {
        sessions,
      });
      for (const note of notes) steps.tell(session, 'Warning', 'FailedToTidyUp', note);
      world.log.info('tidied up', { namespace, name, ...deleted });
    });
  };

  return async (seen, action, at) => {
    switch (action.do) {
      case 'ignore':
        return undefined;
      case 'skip':
        return await skip(seen, action.why);
      case 'schedule-retry':
        return await scheduleRetry(seen, action.at);
      case 'retry':
        return await retry(seen, action, at);
      case 'tidy':
        tidy(seen, at);
        return undefined;
      default:
        return assertNever(action);
    }
  };
}
