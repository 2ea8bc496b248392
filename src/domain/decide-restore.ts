/** What a restore session needs next, from what is there now: the counterpart of `decide-backup.ts`. */
import type { Named, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { assertNever } from '#src/errors.ts';

import { buildClaim } from './build-restore.ts';
import { claimProgress, type ClaimSurroundings } from './claim-progress.ts';
import { formatDuration } from './duration.ts';
import { pendingClaims, type ClaimProgress } from './progress.ts';
import { rollUp, type ClaimPhase } from './roll-up.ts';
import { deadlineExceeded, deadlineOf, durationSince, isFinal, lateAt } from './session-status.ts';
import type { Step } from './step.ts';

export interface RestoreWorld {
  readonly now: Date;
  readonly session: Stored<RestoreSession>;
  /** When this executor took the session: a deadline from before is given anew, since data does not grow stale. */
  readonly takenAt: Date;
  /** One per claim, every variable replaced. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** By name. */
  readonly claims: ReadonlyMap<string, Stored<PersistentVolumeClaim>>;
  readonly surroundings: (claim: string) => ClaimSurroundings;
  /** By claim: why it cannot be created, whatever is tried again. */
  readonly refused: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  /** What is known of the claims may be out of date. */
  readonly lost: boolean;
}

export type RestoreStatus = NonNullable<RestoreSession['status']>;

export function decideRestore(world: RestoreWorld): Step<RestoreStatus, Named<PersistentVolumeClaim>> {
  const { session, templates } = world;
  if (isFinal(session)) return { do: 'done' };
  const deadline = deadlineOf(session);
  if (session.status?.phase !== 'Running' || deadline === undefined || deadline <= world.takenAt) {
    return { do: 'start', status: startedStatus(world) };
  }
  const rows = restoreClaims(world);
  const phase = rollUp(rows.map((row) => row.phase));
  if (phase !== 'Running') return { do: 'finish', status: finalStatus(world, rows, phase) };
  const pending = pendingClaims(rows);
  const missing = templates.filter(({ metadata }) => pending.has(metadata.name ?? ''));
  return missing.length > 0
    ? { do: 'create', items: missing.map((template) => buildClaim(session, template)) }
    : { do: 'wait', until: lateAt(deadline, world.lost) };
}

/** One row per template. */
export function restoreClaims(world: RestoreWorld): ClaimProgress[] {
  const { session, now, templates } = world;
  const deadline = deadlineOf(session);
  const late = deadline !== undefined && deadline > world.takenAt && now >= lateAt(deadline, world.lost);
  return templates.map((template): ClaimProgress => {
    const name = template.metadata.name ?? '';
    const claim = world.claims.get(name);
    const refusal =
      world.refused.get(name) ??
      (claim && !isOfSession(claim, session) ? 'a claim of that name exists' : undefined);
    if (refusal !== undefined) return { claim: name, phase: 'Failed', message: refusal };
    const row = claimProgress(template, claim, world.surroundings(name));
    if (!late || (row.phase !== 'Running' && row.phase !== 'Pending')) return row;
    return {
      ...row,
      phase: 'Failed',
      message: `${world.lost ? 'not seen bound' : 'not bound'} after ${formatDuration(world.timeoutMs)}: ${row.message ?? ''}`,
    };
  });
}

export function isOfSession(claim: PersistentVolumeClaim, session: Stored<RestoreSession>): boolean {
  return claim.metadata.annotations?.[annotation.restoreSessionUid] === session.metadata.uid;
}

function startedStatus({ now, timeoutMs, templates }: RestoreWorld): RestoreStatus {
  return {
    phase: 'Running',
    sessionDeadline: new Date(now.getTime() + timeoutMs).toISOString(),
    totalHosts: templates.length,
  };
}

function finalStatus(
  world: RestoreWorld,
  rows: readonly ClaimProgress[],
  phase: 'Succeeded' | 'Failed' | 'Unknown',
): RestoreStatus {
  const deadline = deadlineOf(world.session);
  const late = phase === 'Failed' && deadline !== undefined && world.now >= deadline;
  return {
    phase,
    sessionDuration: durationSince(world.session, world.now),
    totalHosts: rows.length,
    stats: rows.map(({ claim, phase, message }) => ({
      hostname: claim,
      phase: hostPhase(phase),
      ...(phase === 'Failed' && message !== undefined && { error: message }),
    })),
    ...(late && { conditions: [deadlineExceeded(world.timeoutMs, world.now)] }),
  };
}

function hostPhase(phase: ClaimPhase): 'Succeeded' | 'Failed' | 'Running' | 'Unknown' {
  switch (phase) {
    case 'Pending':
      return 'Running';
    case 'Running':
    case 'Succeeded':
    case 'Failed':
    case 'Unknown':
      return phase;
    default:
      return assertNever(phase);
  }
}
