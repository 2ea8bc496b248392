/** Prints restore points for `list`. */
import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { formatAge } from '#src/domain/duration.ts';
import { formatBytes, parseQuantity } from '#src/domain/quantity.ts';
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

import { renderTable, type Paint } from './table.ts';
import { timeFormat, type TimeZone } from './time.ts';

export interface RestorePointView {
  readonly points: readonly RestorePoint[];
  readonly now: Date;
  readonly zone: TimeZone;
  /** Undefined if the user may not read snapshot classes. */
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
   * Name and UID of the BackupSession that took the restore point; it may no longer exist. Left out if there was none.
   */
  readonly session?: { readonly name: string; readonly uid: string };
  /** Name of the BackupConfiguration. */
  readonly invoker?: string;
  /** RFC 3339, UTC. */
  readonly takenAt: string;
  readonly phase: PointPhase;
  readonly completeness: Completeness;
  /** Why the session failed, if the snapshots record it. */
  readonly failure?: string;
  /** Left out if not recorded. */
  readonly madeBy?: 'schedule' | 'user';
  /** The user who asked for the restore point, if a user did. */
  readonly user?: string;
  readonly pinned?: true;
  /** RFC 3339, UTC. */
  readonly keepUntil?: string;
  /** Bytes, as a quantity; left out if no snapshot reports its size. */
  readonly size?: string;
  readonly sizeBytes?: number;
  readonly claims: readonly {
    readonly name: string;
    readonly state: ClaimState;
    readonly message?: string;
    /** Name of the VolumeSnapshot. */
    readonly snapshot?: string;
    readonly snapshotClassName?: string;
    /** The snapshot's `status.restoreSize`, such as `1Gi`. */
    readonly restoreSize?: string;
    readonly restoreSizeBytes?: number;
    /** The claim as it was when the snapshot was taken. */
    readonly source?: SourceClaim & { readonly storageBytes?: number };
  }[];
}

/** Returns the object for `-o json` and `-o yaml`. */
export function restorePointList(points: readonly RestorePoint[]): RestorePointList {
  return { apiVersion, kind: 'RestorePointList', items: points.map(restorePointItem) };
}

/** Returns the names of the snapshots: the sessions that took them may no longer exist. */
export function restorePointNames(points: readonly RestorePoint[]): string[] {
  return points.flatMap(({ claims }) =>
    claims.flatMap(({ snapshot }) =>
      snapshot ? [`volumesnapshot.snapshot.storage.k8s.io/${snapshot.metadata.name}`] : [],
    ),
  );
}

/** The words of `--sort-by` that name a column instead of a field of the output. */
export const sortWords: Readonly<Record<string, string>> = {
  claims: '.claims[*].name',
  name: '.metadata.name',
  namespace: '.metadata.namespace',
  session: '.metadata.name',
  size: '.sizeBytes',
  time: '.takenAt',
  workload: '.target.name',
};

interface Column {
  readonly header: string;
  /** Whether the table has the column. Always if left out. */
  readonly shown?: (options: TableOptions) => boolean;
  readonly cell: (point: RestorePoint, view: CellView) => string;
}

type CellView = RestorePointView & { readonly format: (time: Date) => string };

const isWide = ({ wide }: TableOptions) => wide;

const columns: readonly Column[] = [
  {
    header: 'namespace',
    shown: ({ allNamespaces }) => allNamespaces,
    cell: ({ namespace }) => namespace,
  },
  {
    header: 'workload',
    shown: ({ ofOneWorkload }) => ofOneWorkload !== true,
    cell: ({ target }) => (target ? formatTarget(target) : '<unknown>'),
  },
  { header: 'session', cell: ({ session }) => session },
  { header: 'time', cell: ({ takenAt }, { format }) => format(takenAt) },
  { header: 'age', cell: ({ takenAt }, { now }) => formatAge(now.getTime() - takenAt.getTime()) },
  { header: 'claims', cell: readyOf },
  { header: 'size', cell: (point) => formatSize(pointSize(point)) },
  { header: 'phase', cell: phaseOf },
  { header: 'made by', cell: madeBy },
  { header: 'kept', cell: keptFor },
  { header: 'class', shown: isWide, cell: (point) => listOf(classNames(point)) },
  { header: 'driver', shown: isWide, cell: ofClasses(({ driver }) => driver) },
  { header: 'deletion policy', shown: isWide, cell: ofClasses(({ deletionPolicy }) => deletionPolicy) },
];

export interface TableOptions {
  /** Adds classes, drivers and deletion policies. */
  readonly wide: boolean;
  /** Adds the namespace to each row. */
  readonly allNamespaces: boolean;
  /** Leaves the workload out of each row. */
  readonly ofOneWorkload?: boolean;
  readonly noHeaders?: boolean;
  readonly paint?: Paint | undefined;
}

/**
 * Returns a function that prints the rows of further points, with columns as wide as those of earlier rows. Each line
 * ends in a line break. Prints headers before the first row unless `noHeaders`.
 */
export function restorePointTable(options: TableOptions): (view: RestorePointView) => string {
  const shown = columns.filter((column) => column.shown?.(options) ?? true);
  const headers = shown.map(({ header }) => header);
  let widths = headers.map(({ length }) => length);
  let header: 'upper-case' | 'none' = options.noHeaders === true ? 'none' : 'upper-case';
  return (view) => {
    const cells = { ...view, format: timeFormat(view.zone) };
    const rows = view.points.map((point) =>
      shown.map(({ cell }, index) => cell(point, cells).padEnd(widths[index] ?? 0)),
    );
    widths = widths.map((width, index) => Math.max(width, ...rows.map((row) => row[index]?.length ?? 0)));
    const text = renderTable(headers, rows, { header, paint: options.paint });
    header = 'none';
    return text;
  };
}

function readyOf({ claims, completeness }: RestorePoint): string {
  const ready = claims.filter(({ state }) => state === 'ready').length;
  return `${ready}/${completeness === 'unknown' ? '?' : claims.length}`;
}

function phaseOf({ phase, claims }: RestorePoint): string {
  return claims.some(({ state }) => state === 'late') ? `${phase} (cut too late)` : phase;
}

function madeBy({ keeping: { maker } }: RestorePoint): string {
  return maker === undefined ? '<unknown>' : maker.by === 'schedule' ? 'schedule' : maker.name;
}

/** Returns `policy` if the schedule's retention policy decides. */
function keptFor({ keeping: { maker, pinned, until } }: RestorePoint, { now, format }: CellView): string {
  if (pinned) return 'pinned';
  if (until !== undefined) return `${now < until ? 'until' : 'was until'} ${format(until)}`;
  return maker?.by === 'schedule' ? 'by policy' : 'until deleted';
}

function formatSize(size: bigint | undefined): string {
  return size === undefined ? '<unknown>' : formatBytes(size);
}

function ofClasses(read: (found: VolumeSnapshotClass) => string): Column['cell'] {
  return (point, { classes = [] }) =>
    listOf(
      classNames(point).flatMap((name) =>
        classes.filter(({ metadata }) => metadata.name === name).map((found) => read(found)),
      ),
    );
}

function classNames({ claims }: RestorePoint): string[] {
  return claims.flatMap(({ snapshot }) => snapshot?.spec.volumeSnapshotClassName ?? []);
}

function listOf(values: readonly string[]): string {
  return values.length === 0 ? '<unknown>' : [...new Set(values)].join(',');
}

export function restorePointItem(point: RestorePoint): RestorePointItem {
  const { session, sessionUid, namespace, target, invoker, takenAt, phase, completeness } = point;
  const { failure, keeping } = point;
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
    ...(failure !== undefined && { failure }),
    ...(keeping.maker && { madeBy: keeping.maker.by }),
    ...(keeping.maker?.by === 'user' && { user: keeping.maker.name }),
    ...(keeping.pinned && { pinned: true }),
    ...(keeping.until && { keepUntil: keeping.until.toISOString() }),
    ...(size !== undefined && { size: String(size), sizeBytes: Number(size) }),
    claims: point.claims.map(({ claim, state, message, snapshot, source }) => {
      const className = snapshot?.spec.volumeSnapshotClassName;
      const restoreSize = snapshot?.status?.restoreSize;
      return {
        name: claim,
        state,
        ...(message !== undefined && { message }),
        ...(snapshot && { snapshot: snapshot.metadata.name }),
        ...(className !== undefined && { snapshotClassName: className }),
        ...(restoreSize !== undefined && { restoreSize, ...bytesOf('restoreSizeBytes', restoreSize) }),
        ...(source && { source: { ...source, ...bytesOf('storageBytes', source.storage) } }),
      };
    }),
  };
}

/** Returns nothing if the quantity is absent or malformed. */
function bytesOf<K extends string>(key: K, quantity: string | undefined): { readonly [N in K]?: number } {
  const bytes = parseQuantity(quantity ?? '');
  return (bytes === undefined ? {} : { [key]: Number(bytes) }) as { readonly [N in K]?: number };
}
