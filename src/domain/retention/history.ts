/** Chooses the sessions that the history limit of a configuration deletes. Restore points outlive their sessions. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';

import type { Invoker } from './retention.ts';
import { isFinal } from '#src/domain/session/session-status.ts';

/** Returns the number of final sessions that a configuration keeps. */
export function historyLimit({ spec }: BackupConfiguration): number {
  return spec.backupHistoryLimit ?? 1;
}

export interface History {
  readonly invoker: Invoker;
  readonly sessions: readonly Stored<BackupSession>[];
  /** Number of final sessions to keep. A negative number keeps none. */
  readonly limit: number;
  /** Name of the session that has just ended. It stays whatever the limit is. */
  readonly ended: string;
}

/**
 * Returns the sessions to delete, oldest first. Unfinished sessions stay and do not count. A session that awaits its
 * retry stays and counts.
 */
export function sessionsToForget({ invoker, sessions, limit, ended }: History): Stored<BackupSession>[] {
  const keep = Math.max(0, limit);
  return sessions
    .filter((session) => isOf(session, invoker) && isFinal(session))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort(newestFirst)
    .slice(keep)
    .filter((session) => session.metadata.name !== ended && !awaitsRetry(session))
    .reverse();
}

export function isOf({ metadata, spec }: Stored<BackupSession>, invoker: Invoker): boolean {
  return (
    metadata.namespace === invoker.namespace &&
    spec.invoker.kind === 'BackupConfiguration' &&
    spec.invoker.name === invoker.name
  );
}

function awaitsRetry({ status }: BackupSession): boolean {
  return status?.phase === 'Failed' && status.nextRetry !== undefined && status.retried !== true;
}

function newestFirst(a: Stored<BackupSession>, b: Stored<BackupSession>): number {
  return (
    Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp) ||
    (a.metadata.name > b.metadata.name ? -1 : 1)
  );
}
