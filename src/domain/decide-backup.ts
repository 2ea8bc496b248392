/**
 * What a snapshot session needs next, from what is there now. Whoever carries a session out (the command line, a Job,
 * the operator) repeats observe -> decide -> apply; started again anywhere, it goes on from there.
 */
import type { Named, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';

import { buildSnapshot, type PlannedClaim } from './build-backup.ts';
import { formatDuration } from './duration.ts';
import { pendingClaims, type ClaimProgress } from './progress.ts';
import { rollUp } from './roll-up.ts';
import { deadlineExceeded, deadlineOf, durationSince, isFinal, lateAt } from './session-status.ts';
import { snapshotProgress } from './snapshot-progress.ts';
import type { Step } from './step.ts';
import { targetApiVersion, type Target } from './target.ts';

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
  /** What is known of the snapshots may be out of date. */
  readonly lost: boolean;
  readonly failFast: boolean;
}

export type BackupStatus = NonNullable<BackupSession['status']>;

export interface SnapshotToCreate {
  readonly claim: string;
  readonly snapshot: Named<VolumeSnapshot>;
}

export function decideBackup(world: BackupWorld): Step<BackupStatus, SnapshotToCreate> {
  const { session, now } = world;
  if (isFinal(session)) return { do: 'done' };
  const deadline = deadlineOf(session);
  if (session.status?.phase !== 'Running' || deadline === undefined) {
    return { do: 'start', status: startedStatus(world) };
  }
  const claims = backupClaims(world);
  if (rollUp(claims.map(({ phase }) => phase)) !== 'Running') {
    return { do: 'finish', status: finalStatus(world, claims) };
  }
  const pending = pendingClaims(claims);
  const missing = world.planned.filter(({ claim }) => pending.has(claim.metadata.name));
  if (missing.length > 0) {
    return {
      do: 'create',
      items: missing.map((planned) => ({
        claim: planned.claim.metadata.name,
        snapshot: buildSnapshot({
          session,
          target: world.target,
          planned,
          sessionClaims: world.sessionClaims,
          nameTaken: world.nameTaken.has(planned.claim.metadata.name),
        }),
      })),
    };
  }
  return { do: 'wait', until: new Date(Math.max(lateAt(deadline, world.lost).getTime(), now.getTime())) };
}

/** One row per claim of the session, in its order. */
export function backupClaims(world: BackupWorld): ClaimProgress[] {
  const deadline = deadlineOf(world.session);
  const late = deadline !== undefined && world.now >= lateAt(deadline, world.lost);
  return world.sessionClaims.map((claim): ClaimProgress => {
    const snapshot = world.snapshots.get(claim);
    const refusal = world.refused.get(claim);
    if (snapshot === undefined && refusal !== undefined) return { claim, phase: 'Failed', message: refusal };
    const progress = snapshotProgress(claim, snapshot);
    const fatal = late || (world.failFast && snapshot?.status?.error !== undefined);
    if (!fatal || progress.phase === 'Succeeded' || progress.phase === 'Failed') return progress;
    const last = progress.message === undefined ? '' : `: ${progress.message}`;
    return {
      ...progress,
      phase: 'Failed',
      message: late
        ? `${world.lost ? 'not seen ready' : 'not ready'} after ${formatDuration(world.timeoutMs)}${last}`
        : progress.message,
    };
  });
}

function targetStatus(world: BackupWorld) {
  const { kind, name } = world.target;
  return {
    ref: { apiVersion: targetApiVersion(kind), kind, name },
    totalHosts: world.sessionClaims.length,
  };
}

function startedStatus(world: BackupWorld): BackupStatus {
  return {
    phase: 'Running',
    sessionDeadline: new Date(world.now.getTime() + world.timeoutMs).toISOString(),
    targets: [{ ...targetStatus(world), phase: 'Running' }],
  };
}

function finalStatus(world: BackupWorld, claims: readonly ClaimProgress[]): BackupStatus {
  const phase = rollUp(claims.map((claim) => claim.phase)) === 'Succeeded' ? 'Succeeded' : 'Failed';
  const deadline = deadlineOf(world.session);
  const late = phase === 'Failed' && deadline !== undefined && world.now >= deadline;
  return {
    phase,
    sessionDuration: durationSince(world.session, world.now),
    targets: [
      {
        ...targetStatus(world),
        phase,
        stats: claims.map(({ claim, phase, snapshot, size, message }) => ({
          hostname: claim,
          phase: phase === 'Succeeded' ? 'Succeeded' : 'Failed',
          ...(phase !== 'Succeeded' && message !== undefined && { error: message }),
          ...(snapshot !== undefined && {
            snapshots: [{ name: snapshot, ...(size !== undefined && { totalSize: size }) }],
          }),
        })),
      },
    ],
    ...(late && { conditions: [deadlineExceeded(world.timeoutMs, world.now)] }),
  };
}
