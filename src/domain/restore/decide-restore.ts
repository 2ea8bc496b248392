/** Decides the next step of a RestoreSession from its present state; the counterpart of `decide-backup.ts`. */
import { stashCondition } from '#src/api/conditions.ts';
import type { KubernetesObject, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';
import type { RestoreSession, StatusOf, VolumeClaimTemplate } from '#src/api/stash.ts';

import { behindHook } from '#src/domain/session/behind-hook.ts';
import { buildClaim } from './build-restore.ts';
import { claimProgress, type ClaimContext } from './claim-progress.ts';
import { formatDuration } from '#src/domain/duration.ts';
import {
  blockedByHooks,
  hookFailure,
  hookState,
  hookStep,
  restoreHooks,
  type HookState,
} from '#src/domain/hooks/hook-step.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import { pendingClaims, type ClaimProgress } from '#src/domain/session/progress.ts';
import { rollUp } from '#src/domain/session/roll-up.ts';
import { disruptionOf, latenessOf, type SessionEnd } from '#src/domain/session/session-end.ts';
import {
  deadlineExceeded,
  deadlineOf,
  durationSince,
  isFinal,
  lateAt,
  withCondition,
} from '#src/domain/session/session-status.ts';
import type { HookToRun, StatusChange, Step } from '#src/domain/session/step.ts';

export interface RestoreWorld {
  readonly now: Date;
  readonly session: Stored<RestoreSession>;
  /**
   * When this executor took the session. The executor replaces an earlier deadline: a late restore is as good as an
   * early one.
   */
  readonly takenAt: Date;
  /** One template for each claim, with all variables replaced. */
  readonly templates: readonly VolumeClaimTemplate[];
  /** By name. */
  readonly claims: ReadonlyMap<string, Stored<PersistentVolumeClaim>>;
  readonly claimContext: (claim: string) => ClaimContext;
  /** By claim: the permanent error because of which the claim cannot be created. */
  readonly refused: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  /** The deadline for a session whose own does not count. Default: `timeoutMs` from now. */
  readonly deadline?: Date | undefined;
  /** The watch is disconnected: the claims may be out of date. */
  readonly lost: boolean;
  readonly hooks: SessionHooks | undefined;
  /** Why the session ends now: the executor creates nothing more, and claims that are not bound fail. */
  readonly end: SessionEnd | undefined;
  /** The executor stops before the session's end. */
  readonly leaving: boolean;
}

export type RestoreStatus = StatusOf<RestoreSession>;

export function decideRestore(world: RestoreWorld): Step<RestoreStatus> {
  const { session, templates } = world;
  if (isFinal(session)) return { do: 'done' };
  const deadline = deadlineOf(session);
  if (session.status?.phase !== 'Running' || deadline === undefined || deadline <= world.takenAt) {
    return { do: 'start', status: started(world) };
  }
  const rows = restoreClaims(world);
  const hook = nextHook(world, rows);
  if (hook) return hook;
  const phase = rollUp(rows.map((row) => row.phase));
  if (phase !== 'Running') return { do: 'finish', status: finished(world, rows, phase) };
  const pending = pendingClaims(rows);
  const missing = templates.filter(({ metadata }) => pending.has(metadata.name ?? ''));
  return missing.length > 0
    ? {
        do: 'create',
        made: missing.map((template) => {
          const object = buildClaim(session, template);
          return { claim: object.metadata.name, resource: persistentVolumeClaims, object };
        }),
      }
    : { do: 'wait', until: lateAt(deadline, world.lost) };
}

/** Does the same as `decideLeavingBackup`. The next executor begins with the preRestore hook. */
export function decideLeavingRestore(world: RestoreWorld): HookToRun<RestoreStatus> | undefined {
  return isFinal(world.session) ? undefined : nextHook({ ...world, leaving: true }, restoreClaims(world));
}

function nextHook(
  { session, hooks, leaving }: RestoreWorld,
  rows: readonly ClaimProgress[],
): HookToRun<RestoreStatus> | undefined {
  if (hooks === undefined) return undefined;
  const outcome = rollUp(rows.map(({ phase }) => phase));
  const which = hookStep(hooks, restoreHookState(session), {
    pending: rows.some(({ phase }) => phase === 'Pending'),
    uncut: outcome === 'Running',
    begun: false,
    expired: false,
    leaving,
    outcome,
    retriesLeft: 0,
  });
  return which && { do: 'hook', which };
}

export function restoreHookState(session: Stored<RestoreSession>): HookState {
  return hookState(session, session.status?.conditions ?? [], restoreHooks);
}

/** Returns one row for each template. */
export function restoreClaims(world: RestoreWorld): ClaimProgress[] {
  const { session, now, templates, end } = world;
  const deadline = deadlineOf(session);
  const late =
    end?.how === 'late' ||
    (deadline !== undefined && deadline > world.takenAt && now >= lateAt(deadline, world.lost));
  const state = restoreHookState(session);
  const blocked = blockedByHooks(world.hooks, state, restoreHooks);
  return templates.map((template): ClaimProgress => {
    const name = template.metadata.name ?? '';
    const claim = world.claims.get(name);
    const refusal =
      world.refused.get(name) ??
      (claim && !isOfSession(claim, session) ? 'a claim of that name exists' : undefined);
    if (refusal !== undefined) return { claim: name, phase: 'Failed', message: refusal };
    const seen = claimProgress(template, claim, world.claimContext(name));
    const row = world.hooks?.pre === undefined ? seen : behindHook(seen, state, restoreHooks);
    if (row.phase !== 'Running' && row.phase !== 'Pending') return row;
    const ended = disruptionOf(end) ?? (claim === undefined ? blocked : undefined);
    if (ended !== undefined) return { ...row, phase: 'Failed', message: ended };
    if (!late) return row;
    return {
      ...row,
      phase: 'Failed',
      message: `${world.lost ? 'not seen bound' : 'not bound'} after ${formatDuration(world.timeoutMs)}: ${row.message ?? ''}`,
    };
  });
}

export function isOfSession({ metadata }: KubernetesObject, session: Stored<RestoreSession>): boolean {
  return metadata.annotations?.[annotation.restoreSessionUid] === session.metadata.uid;
}

function started({ now, timeoutMs, deadline, templates }: RestoreWorld): StatusChange<RestoreStatus> {
  return () => ({
    phase: 'Running',
    sessionDeadline: (deadline ?? new Date(now.getTime() + timeoutMs)).toISOString(),
    totalHosts: templates.length,
  });
}

function finished(
  world: RestoreWorld,
  rows: readonly ClaimProgress[],
  outcome: 'Succeeded' | 'Failed' | 'Unknown',
): StatusChange<RestoreStatus> {
  const { session, now, timeoutMs } = world;
  const hooks = restoreHookState(session);
  const phase = hookFailure(hooks) === undefined ? outcome : 'Failed';
  const deadline = deadlineOf(session);
  const late =
    outcome === 'Failed' && (world.end?.how === 'late' || (deadline !== undefined && now >= deadline));
  const added = [
    completed(hooks.post?.status !== 'False'),
    ...(late ? [deadlineExceeded(timeoutMs, latenessOf(world.end))] : []),
  ];
  return (present) => ({
    phase,
    sessionDuration: durationSince(session, now),
    totalHosts: rows.length,
    stats: rows.map(({ claim, phase, message }) => ({
      hostname: claim,
      phase: rollUp([phase]),
      ...(phase === 'Failed' && message !== undefined && { error: message }),
    })),
    conditions: added.reduce(
      (all, condition) => withCondition(all, condition, now),
      present?.conditions ?? [],
    ),
  });
}

/** Builds the condition that says whether nothing is left to do, not how the restore ended. */
function completed(executed: boolean) {
  return executed
    ? { ...stashCondition.restoreCompleted, message: 'nothing is left to do' }
    : { ...stashCondition.restoreNotCompleted, message: 'the postRestore hook failed' };
}
