/** Reads the state of a BackupConfiguration from its newest sessions. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { backupHookState } from '#src/domain/backup/backup-claims.ts';
import { retentionType } from '#src/domain/retention/tidy-conditions.ts';
import { createdAt, findCondition, isFinal } from '#src/domain/session/session-status.ts';

export interface LastSessions {
  /** Whether the newest session that ended without being skipped has failed. Undefined if none has ended. */
  readonly failed: boolean | undefined;
  /** Whether the newest application of the retention policy has failed. Undefined if none is recorded. */
  readonly retentionFailed: boolean | undefined;
  /**
   * Milliseconds from the preBackup hook to the postBackup hook that resumed the application, in the newest session
   * with both.
   */
  readonly quiescedMs: number | undefined;
}

/** `sessions` are those of one BackupConfiguration, in any order. */
export function lastSessions(sessions: readonly Stored<BackupSession>[]): LastSessions {
  const newestFirst = sessions.toSorted(
    (one, other) => createdAt(other).getTime() - createdAt(one).getTime(),
  );
  const newest = <T>(read: (session: Stored<BackupSession>) => T | undefined): T | undefined =>
    newestFirst
      .values()
      .map(read)
      .find((value) => value !== undefined);
  return {
    failed: newest((session) => {
      const phase = session.status?.phase;
      return isFinal(session) && phase !== 'Skipped' ? phase === 'Failed' : undefined;
    }),
    retentionFailed: newest((session) => {
      const condition = findCondition(session, retentionType);
      return condition && condition.status !== 'True';
    }),
    quiescedMs: newest(quiescedTime),
  };
}

export interface Quiesced {
  readonly since: Date;
  /** When the application must be resumed. */
  readonly until: Date;
}

/**
 * Returns undefined unless the session's application is or may be quiesced, and its postBackup hook has to resume it.
 */
export function quiesced(session: Stored<BackupSession>): Quiesced | undefined {
  const { quiescedSince: since, quiescedUntil: until, post } = backupHookState(session);
  if (since === undefined || until === undefined || post?.status === 'True') return undefined;
  return { since, until };
}

function quiescedTime(session: Stored<BackupSession>): number | undefined {
  const { quiescedSince, quiescedUntil, post } = backupHookState(session);
  if (quiescedSince === undefined || quiescedUntil === undefined || post?.status !== 'True') return undefined;
  const resumed = Date.parse(post.lastTransitionTime ?? '');
  return Number.isNaN(resumed) ? undefined : Math.max(0, resumed - quiescedSince.getTime());
}
