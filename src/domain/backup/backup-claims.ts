/** Computes the progress of each claim of a BackupSession that this executor carries out. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { BackupHostStats, BackupSession } from '#src/api/stash.ts';

import { behindHook } from '#src/domain/session/behind-hook.ts';
import type { PlannedClaim } from './build-backup.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { backupHooks, blockedByHooks, hookState, type HookState } from '#src/domain/hooks/hook-step.ts';
import { thaws, type SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { disruptionOf, type SessionEnd } from '#src/domain/session/session-end.ts';
import { deadlineOf, lateAt } from '#src/domain/session/session-status.ts';
import { snapshotProgress } from './snapshot-progress.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface BackupWorld {
  readonly now: Date;
  readonly session: Stored<BackupSession>;
  readonly target: Target;
  /** Every claim of the session, including those that cannot be snapshotted. */
  readonly sessionClaims: readonly string[];
  readonly planned: readonly PlannedClaim[];
  /** By claim: the snapshots that the session has created. */
  readonly snapshots: ReadonlyMap<string, Stored<VolumeSnapshot>>;
  /** By claim: the permanent error because of which the claim gets no snapshot. */
  readonly refused: ReadonlyMap<string, string>;
  /** Claims whose snapshot gets its second name, because a snapshot of another session has the first. */
  readonly taken: ReadonlySet<string>;
  readonly timeoutMs: number;
  /** The deadline to give to a session without one. Default: `timeoutMs` from now. */
  readonly deadline?: Date | undefined;
  /** The watch is disconnected: the snapshots may be out of date. */
  readonly lost: boolean;
  readonly failFast: boolean;
  readonly hooks: SessionHooks | undefined;
  /** Milliseconds that the application may stay quiesced. */
  readonly maxFreezeMs: number;
  readonly retriesLeft: number;
  /** Why the session ends now: the executor creates nothing more, and claims without a ready snapshot fail. */
  readonly end: SessionEnd | undefined;
  /**
   * Why the executor did not resume the application, and the operator does it instead. Part of the message if the
   * session fails.
   */
  readonly onlyThaw: string | undefined;
  /** Why nobody may run the session's hooks. The session then fails. */
  readonly hooksRefused: string | undefined;
  /** This executor has begun to create snapshots, or does not know yet which of them exist. */
  readonly begun: boolean;
  /** The executor creates nothing more, because it stops early or only resumes the application for a dead executor. */
  readonly leaving: boolean;
}

/** Returns one row for each claim, in the order of `sessionClaims`. */
export function backupClaims(world: BackupWorld): ClaimProgress[] {
  const deadline = deadlineOf(world.session);
  const late =
    world.end?.how === 'late' || (deadline !== undefined && world.now >= lateAt(deadline, world.lost));
  const ended = world.hooksRefused ?? disruptionOf(world.end);
  const state = backupHookState(world.session);
  const blocked = blockedByHooks(world.hooks, state, backupHooks);
  const lost = new Map(recordedLosses(world.session).map((host) => [host.hostname, host]));
  return world.sessionClaims.map((claim): ClaimProgress => {
    const snapshot = world.snapshots.get(claim);
    const seen = snapshotProgress(claim, snapshot);
    const progress = world.hooks?.pre === undefined ? seen : behindHook(seen, state, backupHooks);
    const loss = lost.get(claim);
    if (loss) return { ...progress, phase: 'Failed', message: loss.error };
    if (progress.phase === 'Succeeded' || progress.phase === 'Failed') return progress;
    const failed = (message: string | undefined): ClaimProgress => ({
      ...progress,
      phase: 'Failed',
      message,
    });
    if (snapshot === undefined) {
      const refusal = world.refused.get(claim) ?? ended ?? blocked;
      if (refusal !== undefined) return failed(refusal);
    }
    if (ended !== undefined) return failed(ended);
    if (late) {
      const what = world.lost ? 'not seen ready' : 'not ready';
      return failed(`${what} after ${formatDuration(world.timeoutMs)}: ${progress.message ?? ''}`);
    }
    if (world.failFast && snapshot?.status?.error !== undefined) return failed(progress.message);
    return progress;
  });
}

export function backupHookState(session: Stored<BackupSession>): HookState {
  const conditions = (session.status?.targets ?? []).flatMap((target) => target.conditions ?? []);
  return hookState(session, conditions, backupHooks);
}

/** Claims that the status records as failed: they stay failed, even if their snapshots become ready. */
function recordedLosses({ status }: BackupSession): BackupHostStats[] {
  if (status?.phase !== 'Running' && status?.phase !== 'Failed') return [];
  return (status.targets ?? []).flatMap(({ stats = [] }) => stats.filter(({ phase }) => phase === 'Failed'));
}

/**
 * The time until which the application may stay quiesced. Undefined if it is not quiesced, or if no hook resumes it.
 */
export function freezeEnd({ session, hooks, maxFreezeMs }: BackupWorld): Date | undefined {
  const { quiescedSince, quiescedUntil, post } = backupHookState(session);
  if (hooks === undefined || !thaws(hooks) || quiescedSince === undefined || post !== undefined)
    return undefined;
  return quiescedUntil ?? new Date(quiescedSince.getTime() + maxFreezeMs);
}

/** Whether the snapshot was cut while the application was quiesced. */
export function isCut(world: BackupWorld, { claim, phase }: ClaimProgress): boolean {
  const cutAt = world.snapshots.get(claim)?.status?.creationTime;
  const end = freezeEnd(world);
  if (phase === 'Failed') return false;
  // After that time, something may have resumed the application: the driver's creationTime decides.
  if (end !== undefined && world.now >= end) return cutAt !== undefined && new Date(cutAt) <= end;
  return cutAt !== undefined || phase === 'Succeeded';
}
