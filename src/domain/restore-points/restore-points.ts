/** Reads restore points: the snapshots of one session and one target, and whether they are complete. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { assertNever } from '#src/errors.ts';

import { cutTooLate } from './cut-deadline.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { joinKeeping, readKeeping, type Keeping } from './keeping.ts';
import { groupSnapshots, type PointTarget, type SnapshotGroup } from './snapshot-groups.ts';
import { snapshotTakenAt } from './snapshot-taken-at.ts';
import { readSourceClaim, type SourceClaim } from './source-claim.ts';

/** `late`: ready, but cut after the application had resumed. */
export type ClaimState = 'ready' | 'late' | 'pending' | 'failed' | 'deleting' | 'missing';
export type Completeness = 'complete' | 'incomplete' | 'unknown';
export type PointPhase = 'Succeeded' | 'Running' | 'Failed' | 'Incomplete' | 'Unknown';

export interface PointClaim {
  readonly claim: string;
  readonly state: ClaimState;
  /** Left out if the claim has no snapshot. */
  readonly snapshot?: Stored<VolumeSnapshot>;
  /** The driver's error of a failed snapshot. For a late snapshot, when it was cut. */
  readonly message?: string;
  /** Left out if the snapshot has no record of its claim. */
  readonly source?: SourceClaim;
}

export interface RestorePoint {
  /**
   * The value for `--from`: the session's name. For snapshots without a known session, their common suffix or the
   * snapshot's name.
   */
  readonly session: string;
  readonly sessionUid?: string;
  readonly namespace: string;
  readonly target?: PointTarget;
  /** The BackupConfiguration's name. */
  readonly invoker?: string;
  /** When the session was created; if not known, when its earliest snapshot was cut. */
  readonly takenAt: Date;
  readonly claims: readonly PointClaim[];
  /** `complete`: each claim of the session has a ready snapshot. `unknown`: another program made the snapshots. */
  readonly completeness: Completeness;
  readonly phase: PointPhase;
  /** Why the session failed, as its snapshots record it. */
  readonly failure?: string;
  readonly keeping: Keeping;
}

/**
 * Returns the restore points, newest first. Includes sessions that this program began even before they have a snapshot.
 */
export function restorePoints(
  snapshots: readonly Stored<VolumeSnapshot>[],
  sessions: readonly Stored<BackupSession>[],
): RestorePoint[] {
  return groupSnapshots(snapshots, sessions).map(toPoint).sort(compareNewestFirst);
}

/** Whether the whole restore point can be restored: each of its snapshots is ready, and its session did not fail. */
export function isGood({ completeness, phase }: RestorePoint): boolean {
  return completeness === 'complete' && phase === 'Succeeded';
}

export function snapshotsOfPoint({ claims }: RestorePoint): Stored<VolumeSnapshot>[] {
  return claims.flatMap(({ snapshot }) => snapshot ?? []);
}

/** Returns the sum of the known restore sizes, in bytes. Undefined if no snapshot reports one. */
export function pointSize(point: RestorePoint): bigint | undefined {
  const sizes = point.claims.flatMap(({ snapshot }) => (snapshot && restoreBytes(snapshot)) ?? []);
  return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size);
}

/**
 * Returns the bytes that a claim needs for this snapshot. Undefined if the driver does not report them, or reports 0.
 */
export function restoreBytes({ status }: VolumeSnapshot): bigint | undefined {
  const bytes = parseQuantity(status?.restoreSize ?? '');
  return bytes === 0n ? undefined : bytes;
}

function toPoint(group: SnapshotGroup): RestorePoint {
  const { session, sessionUid, namespace, target, object } = group;
  const claims = pointClaims(group);
  const allReady = claims.length > 0 && claims.every(({ state }) => state === 'ready');
  const completeness = !group.listed ? 'unknown' : allReady ? 'complete' : 'incomplete';
  const invoker =
    object?.spec.invoker.name ??
    claims.find(({ snapshot }) => snapshot)?.snapshot?.metadata.labels?.[label.invokerName];
  const failure = failureOf(claims);
  return {
    session,
    ...(sessionUid !== undefined && { sessionUid }),
    namespace,
    ...(target && { target }),
    ...(invoker !== undefined && { invoker }),
    takenAt: takenAt(group),
    claims,
    completeness,
    phase: phaseOf(group, { allReady, completeness, failure }),
    ...(failure !== undefined && { failure }),
    keeping: keepingOf(group),
  };
}

/** Reads the phase from the session while it exists. After that, the snapshots still record a failure. */
function phaseOf(
  { object }: SnapshotGroup,
  {
    allReady,
    completeness,
    failure,
  }: {
    readonly allReady: boolean;
    readonly completeness: Completeness;
    readonly failure: string | undefined;
  },
): PointPhase {
  if (object) return sessionPhase(object, allReady);
  return failure === undefined ? derivedPhase(completeness) : 'Failed';
}

function failureOf(claims: readonly PointClaim[]): string | undefined {
  return claims
    .map(({ snapshot }) => snapshot?.metadata.annotations?.[annotation.sessionFailed])
    .find((why) => why !== undefined);
}

/** Reads the annotations of the snapshots; before there are any, those of the session, which its snapshots will get. */
function keepingOf({ object, snapshots }: SnapshotGroup): Keeping {
  const marked = snapshots.size === 0 && object ? [object] : [...snapshots.values()];
  return joinKeeping(marked.map(readKeeping));
}

function pointClaims({ claims, snapshots }: SnapshotGroup): PointClaim[] {
  const unlisted = [...snapshots.keys()].filter((claim) => !claims.has(claim)).sort();
  return [...claims, ...unlisted].map((claim) => pointClaim(claim, snapshots.get(claim)));
}

function pointClaim(claim: string, snapshot: Stored<VolumeSnapshot> | undefined): PointClaim {
  if (!snapshot) return { claim, state: 'missing' };
  const source = readSourceClaim(snapshot);
  const state = snapshotState(snapshot);
  const message =
    state === 'failed'
      ? snapshot.status?.error?.message
      : state === 'late'
        ? cutTooLate(snapshot)
        : undefined;
  return { claim, state, snapshot, ...(message !== undefined && { message }), ...(source && { source }) };
}

function snapshotState(snapshot: Stored<VolumeSnapshot>): ClaimState {
  const { metadata, status } = snapshot;
  if (metadata.deletionTimestamp !== undefined) return 'deleting';
  if (status?.readyToUse === true) return cutTooLate(snapshot) === undefined ? 'ready' : 'late';
  return status?.error ? 'failed' : 'pending';
}

function sessionPhase(session: Stored<BackupSession>, allReady: boolean): PointPhase {
  const phase = session.status?.phase;
  switch (phase) {
    case undefined:
    case 'Pending':
    case 'Running':
      return 'Running';
    case 'Failed':
    case 'Skipped':
      return 'Failed';
    case 'Succeeded':
      return allReady ? 'Succeeded' : 'Incomplete';
    case 'Unknown':
      return 'Unknown';
    default:
      return assertNever(phase);
  }
}

function derivedPhase(completeness: Completeness): PointPhase {
  switch (completeness) {
    case 'complete':
      return 'Succeeded';
    case 'incomplete':
      return 'Incomplete';
    case 'unknown':
      return 'Unknown';
  }
}

function takenAt({ object, snapshots }: SnapshotGroup): Date {
  if (object) return new Date(object.metadata.creationTimestamp);
  return new Date(Math.min(...[...snapshots.values()].map((each) => snapshotTakenAt(each).getTime())));
}

/** The fields by which restore points are sorted. */
export type PointIdentity = Pick<
  RestorePoint,
  'namespace' | 'session' | 'sessionUid' | 'target' | 'takenAt' | 'completeness'
>;

/** Sorts newest first; within one second by the session's name, which ends in Unix seconds. */
export function compareNewestFirst(a: PointIdentity, b: PointIdentity): number {
  const byTime = b.takenAt.getTime() - a.takenAt.getTime();
  if (byTime !== 0 || a.session === b.session) return byTime || (identity(a) < identity(b) ? -1 : 1);
  return a.session > b.session ? -1 : 1;
}

/**
 * Returns the sort key for points of the same session name. Points with a known list of claims come before 'unknown'
 * ones.
 */
function identity({ namespace, session, target, sessionUid, completeness }: PointIdentity): string {
  return [namespace, session, target?.kind, target?.name, sessionUid, completeness].join('/');
}
