/** What can be restored: the snapshots of one session of one target, and whether they are all there. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { assertNever } from '#src/errors.ts';

import { cutTooLate } from './cut-deadline.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { groupSnapshots, type PointTarget, type SnapshotGroup } from './snapshot-groups.ts';
import { readSourceClaim, type SourceClaim } from './source-claim.ts';

/** `late`: ready, but cut when the application was not quiet any more. */
export type ClaimState = 'ready' | 'late' | 'pending' | 'failed' | 'deleting' | 'missing';
export type Completeness = 'complete' | 'incomplete' | 'unknown';
export type PointPhase = 'Succeeded' | 'Running' | 'Failed' | 'Incomplete' | 'Unknown';

export interface PointClaim {
  readonly claim: string;
  readonly state: ClaimState;
  /** Left out where it is missing. */
  readonly snapshot?: Stored<VolumeSnapshot>;
  /** What the snapshot's driver says, where it failed; where it was cut late, when. */
  readonly message?: string;
  /** Left out where the snapshot does not remember its claim. */
  readonly source?: SourceClaim;
}

export interface RestorePoint {
  /** What `--from` takes: the session's name, or for snapshots of no known session their suffix or name. */
  readonly session: string;
  readonly sessionUid?: string;
  readonly namespace: string;
  readonly target?: PointTarget;
  /** The BackupConfiguration's name. */
  readonly invoker?: string;
  /** When the session was created; where that is not known, when its earliest snapshot was cut. */
  readonly takenAt: Date;
  readonly claims: readonly PointClaim[];
  /** `complete`: every claim of the session has a snapshot that is ready. `unknown`: not made by us. */
  readonly completeness: Completeness;
  readonly phase: PointPhase;
}

/** Newest first. Sessions that we made are among them from their beginning, before they have a snapshot. */
export function restorePoints(
  snapshots: readonly Stored<VolumeSnapshot>[],
  sessions: readonly Stored<BackupSession>[],
): RestorePoint[] {
  return groupSnapshots(snapshots, sessions).map(toPoint).sort(newestFirst);
}

/** Bytes to restore, as far as snapshots have told; undefined where none has. */
export function pointSize(point: RestorePoint): bigint | undefined {
  const sizes = point.claims.flatMap(({ snapshot }) => (snapshot && restoreBytes(snapshot)) ?? []);
  return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size);
}

/** Bytes that a claim needs to hold this snapshot; undefined where its driver does not say (which some spell 0). */
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
  return {
    session,
    ...(sessionUid !== undefined && { sessionUid }),
    namespace,
    ...(target && { target }),
    ...(invoker !== undefined && { invoker }),
    takenAt: takenAt(group),
    claims,
    completeness,
    phase: object ? sessionPhase(object, allReady) : derivedPhase(completeness),
  };
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
  const times = [...snapshots.values()].map(({ metadata, status }) =>
    Date.parse(status?.creationTime ?? metadata.creationTimestamp),
  );
  return new Date(Math.min(...times));
}

/** A session's name ends in its second, which tells two apart that were cut within one. */
function newestFirst(a: RestorePoint, b: RestorePoint): number {
  const byTime = b.takenAt.getTime() - a.takenAt.getTime();
  if (byTime !== 0 || a.session === b.session) return byTime || (identity(a) < identity(b) ? -1 : 1);
  return a.session > b.session ? -1 : 1;
}

/** Last: of two with the same session and target, the one whose claims are known comes first. */
function identity({ namespace, session, target, sessionUid, completeness }: RestorePoint): string {
  return [namespace, session, target?.kind, target?.name, sessionUid, completeness].join('/');
}
