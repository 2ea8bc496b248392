/**
 * Computes how long a session keeps its application quiesced, and when the operator has to thaw it: in time, but never
 * before a living executor would do so itself (docs/adr/0012-who-thaws-for-a-dead-executor.md).
 */
import type { RestoreSession, BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import { backupHookState } from '#src/domain/backup/backup-claims.ts';
import type { HookState } from '#src/domain/hooks/hook-step.ts';
import { hooksOfBackup, hooksOfRestore, hostOf, thaws, type SessionHooks } from '#src/domain/hooks/hooks.ts';
import { restoreHookState } from '#src/domain/restore/decide-restore.ts';
import type { HolderLife } from '#src/domain/session/holder-life.ts';
import { deadAfterMs, type Sighting } from '#src/domain/session/holder.ts';
import { overdueThawMs } from '#src/domain/session/patience.ts';

export interface Freeze {
  /** By the clock of the executor that quiesced the application. */
  readonly since: Date;
  readonly lastsMs: number;
  /** Whether a living executor thaws after `lastsMs`; the freeze of a restore lasts as long as the restore. */
  readonly isBounded: boolean;
}

/** Returns undefined if the application is not quiesced, or if the operator cannot or must not thaw it. */
export function freezeOfBackup(
  session: Stored<BackupSession>,
  configuration: BackupConfiguration | undefined,
  maxFreezeMs: number,
): Freeze | undefined {
  return freezeOf(hooksOfBackup(session, configuration), backupHookState(session), maxFreezeMs, true);
}

export function freezeOfRestore(session: Stored<RestoreSession>, maxFreezeMs: number): Freeze | undefined {
  return freezeOf(hooksOfRestore(session), restoreHookState(session), maxFreezeMs, false);
}

function freezeOf(
  hooks: SessionHooks | undefined,
  { quiescedSince: since, quiescedUntil: until, post }: HookState,
  maxFreezeMs: number,
  isBounded: boolean,
): Freeze | undefined {
  if (since === undefined || post !== undefined) return undefined;
  if (hooks?.post === undefined || hooks.adHoc || !thaws(hooks)) return undefined;
  // Only the Job sends requests to a host that the hook names.
  if (hostOf(hooks.post) !== undefined) return undefined;
  const lastsMs = until === undefined ? maxFreezeMs : Math.max(0, until.getTime() - since.getTime());
  return { since, lastsMs, isBounded };
}

/** Returns when the operator thaws the application. Undefined if it does not thaw while the holder lives. */
export function thawAt(
  { since, lastsMs, isBounded }: Freeze,
  life: HolderLife,
  { sighting, quietSince }: { readonly sighting: Sighting; readonly quietSince: Date | undefined },
): Date | undefined {
  const seenSince = (quietSince ?? since).getTime();
  if (life.state === 'living') {
    // Go by the operator's clock only: the holder's clock may be behind, so that by its clock the time is not over yet.
    return isBounded ? new Date(seenSince + lastsMs + overdueThawMs) : undefined;
  }
  const end = Math.min(since.getTime(), seenSince) + lastsMs;
  // A restore may exceed `lastsMs`: give the Job of a dead executor time to start its next pod.
  return new Date(isBounded ? end : Math.max(end, sighting.since.getTime() + deadAfterMs));
}
