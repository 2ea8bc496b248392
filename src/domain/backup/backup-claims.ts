/** What has become of each claim of a snapshot session. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { BackupHostStats, BackupSession } from '#src/api/stash.ts';

import { behindHook } from '#src/domain/session/behind-hook.ts';
import type { PlannedClaim } from './build-backup.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { backupHooks, blockedByHooks, hookState, type HookState } from '#src/domain/hooks/hook-step.ts';
import { thaws, type SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { deadlineOf, lateAt } from '#src/domain/session/session-status.ts';
import { snapshotProgress } from './snapshot-progress.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface BackupWorld {
  readonly now: Date;
  readonly session: Stored<BackupSession>;
  readonly target: Target;
  /** Every claim of the session, those that cannot be snapshotted included. */
  readonly sessionClaims: readonly string[];
  readonly planned: readonly PlannedClaim[];
  /** By claim: what this session has already asked for. */
  readonly snapshots: ReadonlyMap<string, Stored<VolumeSnapshot>>;
  /** By claim: why there will be no snapshot, whatever is tried again. */
  readonly refused: ReadonlyMap<string, string>;
  /** Claims whose snapshot's first name belongs to another session. */
  readonly nameTaken: ReadonlySet<string>;
  readonly timeoutMs: number;
  /** Of a session that has none yet; left out: `timeoutMs` from now. */
  readonly deadline?: Date | undefined;
  /** What is known of the snapshots may be out of date. */
  readonly lost: boolean;
  readonly failFast: boolean;
  readonly hooks: SessionHooks | undefined;
  /** How long the application may stay quiesced. */
  readonly maxFreezeMs: number;
  readonly retriesLeft: number;
  /** Why nothing more is made, and what is not ready has failed. */
  readonly disrupted: string | undefined;
  /** Why its executor did not thaw, which is done for it; a session that fails then tells. */
  readonly onlyThaw: string | undefined;
  /** Why the session's hooks are not run, which is why it fails. */
  readonly hooksRefused: string | undefined;
  /** Snapshots may have been asked for that are not known yet. */
  readonly begun: boolean;
  /** The executor makes nothing more: it stops before the session's end, or only thaws for one that is dead. */
  readonly leaving: boolean;
}

/** One row per claim of the session, in its order. */
export function backupClaims(world: BackupWorld): ClaimProgress[] {
  const deadline = deadlineOf(world.session);
  const late = deadline !== undefined && world.now >= lateAt(deadline, world.lost);
  const ended = world.hooksRefused ?? world.disrupted;
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
      const last = progress.message === undefined ? '' : `: ${progress.message}`;
      return failed(
        `${world.lost ? 'not seen ready' : 'not ready'} after ${formatDuration(world.timeoutMs)}${last}`,
      );
    }
    if (world.failFast && snapshot?.status?.error !== undefined) return failed(progress.message);
    return progress;
  });
}

export function backupHookState(session: Stored<BackupSession>): HookState {
  const conditions = (session.status?.targets ?? []).flatMap((target) => target.conditions ?? []);
  return hookState(session, conditions, backupHooks);
}

/** Claims that were given up for good, whatever has become of their snapshots since. */
function recordedLosses({ status }: BackupSession): BackupHostStats[] {
  if (status?.phase !== 'Running' && status?.phase !== 'Failed') return [];
  return (status.targets ?? []).flatMap(({ stats = [] }) => stats.filter(({ phase }) => phase === 'Failed'));
}

/** Until when the application may stay quiesced; undefined: it is not, or nobody promised to end it. */
export function freezeEnd({ session, hooks, maxFreezeMs }: BackupWorld): Date | undefined {
  const { quiescedSince, quiescedUntil, post } = backupHookState(session);
  if (hooks === undefined || !thaws(hooks) || quiescedSince === undefined || post !== undefined)
    return undefined;
  return quiescedUntil ?? new Date(quiescedSince.getTime() + maxFreezeMs);
}

/** Whether the snapshot holds what the application had written when it was quiet. */
export function isCut(world: BackupWorld, { claim, phase }: ClaimProgress): boolean {
  const cutAt = world.snapshots.get(claim)?.status?.creationTime;
  const end = freezeEnd(world);
  if (phase === 'Failed') return false;
  // After the time that it may stay quiet, nobody knows whether it still is: the driver's own word counts.
  if (end !== undefined && world.now >= end) return cutAt !== undefined && new Date(cutAt) <= end;
  return cutAt !== undefined || phase === 'Succeeded';
}
