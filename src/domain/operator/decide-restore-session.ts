/** Decides what the operator does next for a RestoreSession. */
import { stashCondition } from '#src/api/conditions.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { deadlineOfFiles, isAbandoned, isFileSession } from '#src/domain/session/file-session.ts';
import { endedAt } from '#src/domain/session/ended-at.ts';
import { isInPlace } from '#src/domain/in-place/record.ts';
import { shortened } from '#src/domain/quoted.ts';
import { goesByHolder } from '#src/domain/session/holder.ts';
import {
  createdAt,
  deadlineOf,
  findCondition,
  isFinal,
  timeLimitMs,
} from '#src/domain/session/session-status.ts';
import { isTargetKind, type Target } from '#src/domain/workload/target.ts';

import {
  decideExecutor,
  isJobUnfinished,
  lateJobMs,
  type ExecutorAction,
  type ExecutorWorld,
} from './decide-executor.ts';
import { decideInPlace, type InPlaceAction } from './decide-in-place.ts';
import { freezeOfRestore } from './freeze.ts';
import type { KeptObject } from './kept-object.ts';

export interface RestoreSessionWorld extends ExecutorWorld {
  readonly session: Stored<KeptObject<RestoreSession>>;
  readonly isThere: (target: Target) => boolean;
}

const { restoreTargetFound, restoreTargetAbsent, restoreTargetUnknown } = stashCondition;

/** Whether the workload in `target.ref` exists; `True` for a session without a `target.ref`. */
export type TargetSighting = { readonly message: string } & (
  typeof restoreTargetFound | typeof restoreTargetAbsent | typeof restoreTargetUnknown
);

export type RestoreSessionAction =
  | ExecutorAction
  | InPlaceAction
  /** The session is not for this operator, or is being deleted. `why` is the message of a Warning. */
  | { readonly do: 'ignore'; readonly why?: string }
  | { readonly do: 'invalid'; readonly why: string }
  /**
   * Delete the session of a `browse`, `cp` or `diff` that has died: only that command would still use the claim and the
   * pod.
   */
  | { readonly do: 'remove-files' }
  | { readonly do: 'tell-target'; readonly sighting: TargetSighting };

export function decideRestoreSession(world: RestoreSessionWorld): RestoreSessionAction {
  const { session, now } = world;
  if (session.metadata.deletionTimestamp !== undefined) return { do: 'ignore' };
  if (session.spec.driver !== 'VolumeSnapshotter') {
    const driver = session.spec.driver ?? 'Restic, the default,';
    return {
      do: 'ignore',
      why: `driver ${driver} is not supported: this operator carries out VolumeSnapshotter only`,
    };
  }
  if (isFileSession(session)) return decideFiles(world);
  if (isInPlace(session)) return decideInPlace(world);
  if (isFinal(session)) return decideFinished(world);
  const begun = hasBegun(world);
  const deadline =
    deadlineOf(session) ?? new Date(createdAt(session).getTime() + timeLimitMs(session.spec.timeOut));
  if (!begun) {
    const why = session.kept?.refused;
    if (why !== undefined) return { do: 'invalid', why };
    const sighting = sightTarget(world);
    if (!isTold(session, sighting)) return { do: 'tell-target', sighting };
    if (sighting.status !== 'True') {
      if (now < deadline) return { do: 'wait', until: deadline, why: sighting.message };
      return { do: 'end', end: { how: 'late', why: sighting.message }, replacing: undefined };
    }
  }
  const freeze = freezeOfRestore(session, world.maxFreezeMs);
  return decideExecutor(world, { deadline, begun, disruption: undefined, foreign: undefined, freeze });
}

/** Waits for the command that reads files, because only that carries the session out. */
function decideFiles({ session, now }: RestoreSessionWorld): RestoreSessionAction {
  if (isAbandoned(session, now)) return { do: 'remove-files' };
  return {
    do: 'wait',
    until: deadlineOfFiles(session),
    why: 'a command line reads the files of a restore point',
  };
}

/** Whether an executor holds the session or has been started for it. */
function hasBegun({ session, job, ensured }: RestoreSessionWorld): boolean {
  return session.status?.phase === 'Running' || goesByHolder(session) || job !== undefined || ensured;
}

function sightTarget({ session, isThere }: RestoreSessionWorld): TargetSighting {
  const { kind = '', name = '' } = session.spec.target?.ref ?? {};
  if (kind === '' && name === '') {
    return { ...restoreTargetFound, message: 'the session names no workload, and needs none' };
  }
  const target = `${shortened(kind.toLowerCase())}/${name}`;
  if (!isTargetKind(kind)) {
    return { ...restoreTargetUnknown, message: `${target} is of an unsupported kind` };
  }
  return isThere({ kind, name, namespace: session.metadata.namespace ?? '' })
    ? { ...restoreTargetFound, message: `${target} exists` }
    : { ...restoreTargetAbsent, message: `${target} does not exist` };
}

function isTold(session: Stored<RestoreSession>, sighting: TargetSighting): boolean {
  const told = findCondition(session, sighting.type);
  return told?.status === sighting.status && told.message === sighting.message;
}

function decideFinished({ session, job, now }: RestoreSessionWorld): RestoreSessionAction {
  const until =
    job && isJobUnfinished(job)
      ? new Date((endedAt(session) ?? createdAt(session)).getTime() + lateJobMs)
      : undefined;
  return until !== undefined && now >= until
    ? { do: 'stop-executor', why: 'the session has ended' }
    : { do: 'wait', until, why: 'it has ended' };
}
