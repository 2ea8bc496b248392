/**
 * Decides the next step of a BackupSession from its present state. Each executor (the command line, a Job, the
 * operator) repeats observe, decide, apply; a restarted executor continues from the state that it finds.
 */
import { stashCondition } from '#src/api/conditions.ts';
import type { Condition } from '#src/api/kubernetes.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { BackupHostStats, BackupSession, BackupTargetStatus, StatusOf } from '#src/api/stash.ts';

import { backupClaims, backupHookState, freezeEnd, isCut, type BackupWorld } from './backup-claims.ts';
import { buildSnapshot } from './build-backup.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { hookFailure, hookStep } from '#src/domain/hooks/hook-step.ts';
import { pendingClaims, type ClaimProgress } from '#src/domain/session/progress.ts';
import { rollUp } from '#src/domain/session/roll-up.ts';
import { disruptionOf, latenessOf } from '#src/domain/session/session-end.ts';
import {
  deadlineExceeded,
  deadlineOf,
  durationSince,
  isFinal,
  lateAt,
  withCondition,
} from '#src/domain/session/session-status.ts';
import type { HookToRun, StatusChange, Step } from '#src/domain/session/step.ts';
import { refOf } from '#src/domain/workload/target.ts';

export type BackupStatus = StatusOf<BackupSession>;

export function decideBackup(world: BackupWorld): Step<BackupStatus> {
  const { session, now } = world;
  if (isFinal(session)) return { do: 'done' };
  const deadline = deadlineOf(session);
  if (session.status?.phase !== 'Running' || deadline === undefined) {
    return { do: 'start', status: started(world) };
  }
  const claims = backupClaims(world);
  const hook = nextHook(world, claims);
  if (hook) return hook;
  if (rollUp(claims.map(({ phase }) => phase)) !== 'Running') {
    return { do: 'finish', status: finished(world, claims) };
  }
  const until = freezeEnd(world);
  const pending = pendingClaims(claims);
  const missing = world.planned.filter(({ claim }) => pending.has(claim.metadata.name));
  if (missing.length > 0) {
    // The next executor creates the snapshots.
    if (world.leaving) return { do: 'done' };
    return {
      do: 'create',
      until,
      made: missing.map((planned) => ({
        resource: volumeSnapshots,
        claim: planned.claim.metadata.name,
        object: buildSnapshot({
          session,
          target: world.target,
          planned,
          sessionClaims: world.sessionClaims,
          nameTaken: world.taken.has(planned.claim.metadata.name),
          quietUntil: until,
        }),
      })),
    };
  }
  const next = Math.min(lateAt(deadline, world.lost).getTime(), until?.getTime() ?? Infinity);
  return { do: 'wait', until: new Date(Math.max(next, now.getTime())) };
}

/** The hook that an executor must run if it stops before the session's end. */
export function decideLeavingBackup(world: BackupWorld): HookToRun<BackupStatus> | undefined {
  return isFinal(world.session) ? undefined : nextHook({ ...world, leaving: true }, backupClaims(world));
}

function nextHook(world: BackupWorld, claims: readonly ClaimProgress[]): HookToRun<BackupStatus> | undefined {
  const { session, hooks, leaving, retriesLeft, snapshots, now } = world;
  if (hooks === undefined) return undefined;
  const end = freezeEnd(world);
  const expired = end !== undefined && now >= end;
  const open = claims.filter(({ phase }) => phase === 'Pending' || phase === 'Running');
  const which = hookStep(hooks, backupHookState(session), {
    pending: open.some(({ phase }) => phase === 'Pending'),
    uncut: open.some((claim) => !isCut(world, claim)),
    begun: world.begun || snapshots.size > 0,
    expired,
    leaving,
    outcome: rollUp(claims.map(({ phase }) => phase)),
    retriesLeft,
  });
  if (which === undefined) return undefined;
  if (which !== 'thaw') return { do: 'hook', which };
  const why = expired
    ? `not cut within ${formatDuration(world.maxFreezeMs)} of quiescing the application, which was resumed`
    : 'not cut when the application was resumed because its executor was interrupted';
  const uncut = claims.filter((claim) => !isCut(world, claim));
  return { do: 'hook', which, losses: uncut.length === 0 ? undefined : gaveUp(world, uncut, why) };
}

function targetStatus(world: BackupWorld, present: BackupStatus | undefined): BackupTargetStatus {
  return {
    ...present?.targets?.[0],
    ref: refOf(world.target),
    totalHosts: world.sessionClaims.length,
  };
}

function started(world: BackupWorld): StatusChange<BackupStatus> {
  return (present) => ({
    phase: 'Running',
    sessionDeadline: (world.deadline ?? new Date(world.now.getTime() + world.timeoutMs)).toISOString(),
    targets: [{ ...targetStatus(world, present), phase: 'Running' }],
  });
}

/** Records claims as failed for good while the session still runs. */
function gaveUp(
  world: BackupWorld,
  claims: readonly ClaimProgress[],
  why: string,
): StatusChange<BackupStatus> {
  const stats = claims.map((row) =>
    hostOf({ ...row, phase: 'Failed', message: row.phase === 'Failed' ? row.message : why }),
  );
  return (present) => ({ targets: [{ ...targetStatus(world, present), stats }] });
}

function hostOf({ claim, phase, snapshot, size, message }: ClaimProgress): BackupHostStats {
  return {
    hostname: claim,
    phase: phase === 'Succeeded' ? 'Succeeded' : 'Failed',
    ...(message !== undefined && { error: message }),
    ...(snapshot !== undefined && {
      snapshots: [{ name: snapshot, ...(size !== undefined && { totalSize: size }) }],
    }),
  };
}

function finished(world: BackupWorld, claims: readonly ClaimProgress[]): StatusChange<BackupStatus> {
  const { session, now, timeoutMs } = world;
  const ready = rollUp(claims.map((claim) => claim.phase)) === 'Succeeded';
  const bad = hookFailure(backupHookState(session)) ?? world.hooksRefused;
  const phase = ready && bad === undefined ? 'Succeeded' : 'Failed';
  const deadline = deadlineOf(session);
  const disruption = world.hooksRefused ?? disruptionOf(world.end) ?? world.onlyThaw;
  const late = !ready && (world.end?.how === 'late' || (deadline !== undefined && now >= deadline));
  const added = [
    ...(late ? [deadlineExceeded(timeoutMs, latenessOf(world.end))] : []),
    ...(phase === 'Failed' && disruption !== undefined ? [disrupted(disruption)] : []),
  ];
  return (present) => {
    const conditions = added.reduce<Condition[] | undefined>(
      (all, condition) => withCondition(all, condition, now),
      present?.conditions,
    );
    return {
      phase,
      sessionDuration: durationSince(session, now),
      targets: [{ ...targetStatus(world, present), phase, stats: claims.map(hostOf) }],
      ...(conditions && { conditions }),
    };
  };
}

function disrupted(why: string): Omit<Condition, 'lastTransitionTime'> {
  return { ...stashCondition.backupDisrupted, message: why };
}
