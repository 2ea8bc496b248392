/** Restore points as `list` prints them. */
import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { formatAge } from '#src/domain/duration.ts';
import { formatBytes } from '#src/domain/quantity.ts';
import {
  pointSize,
  type ClaimState,
  type Completeness,
  type PointPhase,
  type RestorePoint,
} from '#src/domain/restore-points/restore-points.ts';
import type { PointTarget } from '#src/domain/restore-points/snapshot-groups.ts';
import type { SourceClaim } from '#src/domain/restore-points/source-claim.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { renderTable } from './table.ts';

export interface RestorePointView {
  readonly points: readonly RestorePoint[];
  readonly now: Date;
  /** Adds the namespace to each row. */
  readonly allNamespaces: boolean;
  /** Undefined if the user may not read them. */
  readonly classes: readonly VolumeSnapshotClass[] | undefined;
}

const apiVersion = 'cli.stash.appscode.com/v1alpha1';

/** What `-o json` and `-o yaml` print. These kinds exist in the output only; no API server serves them. */
export interface RestorePointList {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'RestorePointList';
  /** Newest first. */
  readonly items: readonly RestorePointItem[];
}

export interface RestorePointItem {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'RestorePoint';
  /** `restore --from` takes `name`. */
  readonly metadata: { readonly name: string; readonly namespace: string };
  /** Left out if unknown. */
  readonly target?: PointTarget;
  /**
   * Name and UID of the BackupSession that took it, which may be deleted by now. Left out if there was none.
   */
  readonly session?: { readonly name: string; readonly uid: string };
  /** Name of the BackupConfiguration. */
  readonly invoker?: string;
  /** RFC 3339, UTC. */
  readonly takenAt: string;
  readonly phase: PointPhase;
  readonly completeness: Completeness;
  /** Bytes, as a quantity; left out if no snapshot reports its size. */
  readonly size?: string;
  readonly claims: readonly {
    readonly name: string;
    readonly state: ClaimState;
    readonly message?: string;
    /** Name of the VolumeSnapshot. */
    readonly snapshot?: string;
    readonly snapshotClassName?: string;
    /** The snapshot's `status.restoreSize`, such as `1Gi`. */
    readonly restoreSize?: string;
    /** The claim as it was when the snapshot was taken. */
    readonly source?: SourceClaim;
  }[];
}

/** Returns the object for `-o json` and `-o yaml`. */
export function restorePointList(points: readonly RestorePoint[]): RestorePointList {
  return { apiVersion, kind: 'RestorePointList', items: points.map(item) };
}

/** Returns the names of the snapshots: the sessions that took them may no longer exist. */
export function restorePointNames(points: readonly RestorePoint[]): string[] {
  return points.flatMap(({ claims }) =>
    claims.flatMap(({ snapshot }) =>
      snapshot ? [`volumesnapshot.snapshot.storage.k8s.io/${snapshot.metadata.name}`] : [],
    ),
  );
}

/**
 * Returns the table, with a line break at the end of each line. `wide` adds classes, drivers and deletion
 * policies.
 */
export function restorePointTable(view: RestorePointView, wide: boolean): string {
  const { points, now, allNamespaces, classes } = view;
  const headers = [
    ...(allNamespaces ? ['namespace'] : []),
    ...['workload', 'session', 'age', 'claims', 'size', 'phase'],
    ...(wide ? ['class', 'driver', 'deletion policy'] : []),
  ];
  const rows = points.map((point) => [
    ...(allNamespaces ? [point.namespace] : []),
    point.target ? formatTarget(point.target) : '<unknown>',
    point.session,
    formatAge(now.getTime() - point.takenAt.getTime()),
    readyOf(point),
    formatSize(pointSize(point)),
    phaseOf(point),
    ...(wide ? classColumns(point, classes) : []),
  ]);
  return renderTable(headers, rows);
}

function readyOf({ claims, completeness }: RestorePoint): string {
  const ready = claims.filter(({ state }) => state === 'ready').length;
  return `${ready}/${completeness === 'unknown' ? '?' : claims.length}`;
}

function phaseOf({ phase, claims }: RestorePoint): string {
  return claims.some(({ state }) => state === 'late') ? `${phase} (cut too late)` : phase;
}

function formatSize(size: bigint | undefined): string {
  return size === undefined ? '<unknown>' : formatBytes(size);
}

function classColumns(point: RestorePoint, classes: readonly VolumeSnapshotClass[] = []): string[] {
  const names = point.claims.flatMap(({ snapshot }) => snapshot?.spec.volumeSnapshotClassName ?? []);
  const found = names.flatMap((name) => classes.find(({ metadata }) => metadata.name === name) ?? []);
  return [names, found.map(({ driver }) => driver), found.map(({ deletionPolicy }) => deletionPolicy)].map(
    (values) => (values.length === 0 ? '<unknown>' : [...new Set(values)].join(',')),
  );
}

function item(point: RestorePoint): RestorePointItem {
  const { session, sessionUid, namespace, target, invoker, takenAt, phase, completeness } = point;
  const size = pointSize(point);
  return {
    apiVersion,
    kind: 'RestorePoint',
    metadata: { name: session, namespace },
    ...(target && { target }),
    ...(sessionUid !== undefined && { session: { name: session, uid: sessionUid } }),
    ...(invoker !== undefined && { invoker }),
    takenAt: takenAt.toISOString(),
    phase,
    completeness,
    ...(size !== undefined && { size: String(size) }),
    claims: point.claims.map(({ claim, state, message, snapshot, source }) => {
      const className = snapshot?.spec.volumeSnapshotClassName;
      const restoreSize = snapshot?.status?.restoreSize;
      return {
        name: claim,
        state,
        ...(message !== undefined && { message }),
        ...(snapshot && { snapshot: snapshot.metadata.name }),
        ...(className !== undefined && { snapshotClassName: className }),
        ...(restoreSize !== undefined && { restoreSize }),
        ...(source && { source }),
      };
    }),
  };
}
