/** Judges a BackupSession that has ended by its status and its claims. */
import { stashCondition } from '#src/api/conditions.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';

import { backupHookState } from './backup-claims.ts';
import { hookFailure } from '#src/domain/hooks/hook-step.ts';
import { findCondition, isDeadlineExceeded, tellsFailure } from '#src/domain/session/session-status.ts';
import { describe, type ClaimProgress, type Verdict } from '#src/domain/session/progress.ts';
import { isTidyCondition } from '#src/domain/retention/tidy-conditions.ts';

/**
 * Phase Succeeded alone is not enough: a session without claims, or with a failed claim, has failed. Returns undefined
 * if the session has not ended, or if its phase is Succeeded and some snapshots are not ready yet.
 */
export function backupVerdict(
  session: Stored<BackupSession>,
  claims: readonly ClaimProgress[],
): Verdict | undefined {
  switch (session.status?.phase) {
    case 'Succeeded':
      return succeededVerdict(session, claims);
    case 'Skipped':
      return {
        outcome: 'skipped',
        message:
          conditionWords(findCondition(session, stashCondition.backupSkipped.type)) ??
          'the operator skipped it and gave no reason',
      };
    case 'Failed': {
      const outcome = isDeadlineExceeded(session) ? 'timed-out' : 'failed';
      return { outcome, ...failure(session, claims) };
    }
    case 'Unknown':
      return { outcome: 'unknown', ...failure(session, claims) };
    case 'Pending':
    case 'Running':
    case undefined:
      return undefined;
  }
}

function succeededVerdict(
  { status }: Stored<BackupSession>,
  claims: readonly ClaimProgress[],
): Verdict | undefined {
  // AppsCode's operator writes Succeeded even if it found nothing to snapshot. If the status lists a claim, this
  // process may not have observed its snapshot yet.
  const tellsOfNone = !status?.targets?.some(({ stats = [] }) => stats.length > 0);
  if (tellsOfNone && claims.every(({ phase }) => phase === 'Pending')) {
    return { outcome: 'failed', message: 'its phase is Succeeded, but no claim was snapshotted' };
  }
  const failed = claims.filter(({ phase }) => phase === 'Failed');
  if (failed.length > 0) {
    return { outcome: 'failed', message: `its phase is Succeeded, but ${describe(failed)}` };
  }
  if (claims.some(({ phase }) => phase !== 'Succeeded')) return undefined;
  return {
    outcome: 'succeeded',
    message: claims.length === 1 ? 'its snapshot is ready' : `all ${claims.length} snapshots are ready`,
  };
}

/** `culprit` is the session itself if its conditions say more than its claims. */
function failure(
  session: Stored<BackupSession>,
  claims: readonly ClaimProgress[],
): Pick<Verdict, 'message' | 'culprit'> {
  const culprit = `backupsession/${session.metadata.name}`;
  const notReady = claims.filter(({ phase }) => phase !== 'Succeeded');
  const hooks = backupHookState(session);
  const failedHook = hookFailure(hooks);
  if (failedHook !== undefined) {
    // After a failed preBackup hook, no claim has a snapshot: the message does not repeat that for each claim.
    const others = hooks.pre?.status === 'False' || notReady.length === 0 ? '' : `; ${describe(notReady)}`;
    return { message: `${failedHook}${others}`, culprit };
  }
  const reason = reasonInConditions(session);
  if (reason !== undefined && notReady.some(({ phase }) => phase !== 'Failed')) {
    // A claim without a snapshot does not say why it has none.
    const seen = notReady.filter(({ phase }) => phase !== 'Pending');
    return { message: seen.length === 0 ? reason : `${reason}; ${describe(seen)}`, culprit };
  }
  if (notReady.length > 0) return { message: describe(notReady) };
  const lost = (session.status?.targets ?? []).flatMap(({ stats = [] }) =>
    stats.flatMap(({ hostname = '', error }) => (error === undefined ? [] : `${hostname}: ${error}`)),
  );
  return { message: lost.length > 0 ? lost.join('; ') : (reason ?? 'no reason is given in its status') };
}

/** Why the session failed, as far as its conditions say. */
function reasonInConditions({ status }: Stored<BackupSession>): string | undefined {
  const conditions = [
    ...(status?.conditions ?? []),
    ...(status?.targets ?? []).flatMap((target) => target.conditions ?? []),
  ].filter((condition) => !isTidyCondition(condition));
  return conditionWords(conditions.find(tellsFailure));
}
