/** What protects each claim, as `coverage` prints it. */
import {
  backupConfigurations,
  backupSessions,
  volumeSnapshotClasses,
  type Resource,
} from '#src/api/resources.ts';
import { formatAge } from '#src/domain/duration.ts';
import type { ClaimUser } from '#src/domain/coverage/claim-users.ts';
import type {
  ClaimConfiguration,
  ClaimCoverage,
  CoverageState,
  CoverageTotals,
} from '#src/domain/coverage/coverage.ts';
import { coverageStates } from '#src/domain/coverage/coverage.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { renderColumns, type Column, type Paint } from './table.ts';
import { timeFormat, type TimeZone } from './time.ts';

const apiVersion = 'cli.stash.appscode.com/v1alpha1';

export interface CoverageTableOptions {
  readonly now: Date;
  readonly zone: TimeZone;
  readonly allNamespaces: boolean;
  /** Adds the size, the restore point, its snapshot class, the driver, and why a claim is stale or unknown. */
  readonly wide: boolean;
  readonly noHeaders: boolean;
  readonly paint: Paint | undefined;
}

export function coverageTable(claims: readonly ClaimCoverage[], options: CoverageTableOptions): string {
  const { now, zone, allNamespaces, wide, noHeaders, paint } = options;
  const format = timeFormat(zone);
  const columns: readonly Column<ClaimCoverage>[] = [
    { header: 'namespace', shown: allNamespaces, cell: ({ claim }) => claim.namespace },
    { header: 'claim', cell: ({ claim }) => claim.name },
    { header: 'workload', cell: ({ users }) => listOf(users?.map(formatUser)) },
    { header: 'state', cell: ({ state }) => state },
    {
      header: 'age',
      cell: ({ point }) => (point ? formatAge(now.getTime() - point.takenAt.getTime()) : '<none>'),
    },
    {
      header: 'configuration',
      cell: ({ configurations }) => listOf(configurations?.map(({ name }) => name)),
    },
    { header: 'schedule', cell: ({ configurations }) => listOf(configurations?.flatMap(scheduleOf)) },
    {
      header: 'next due',
      cell: ({ configurations }) => {
        if (configurations === undefined) return '<unknown>';
        const next = nextDue(configurations);
        return next ? format(next) : '<none>';
      },
    },
    {
      header: 'deletion policy',
      cell: ({ point, deletionPolicy }) => deletionPolicy ?? (point ? '<unknown>' : '<none>'),
    },
    {
      header: 'dies with volume',
      cell: ({ point, outlivesVolume }) => fate(point !== undefined, outlivesVolume),
    },
    { header: 'size', shown: wide, cell: ({ claim }) => claim.size ?? '<unknown>' },
    { header: 'restore point', shown: wide, cell: ({ point }) => point?.session ?? '<none>' },
    {
      header: 'snapshot class',
      shown: wide,
      cell: ({ point, snapshotClass }) => snapshotClass ?? (point ? '<unknown>' : '<none>'),
    },
    { header: 'driver', shown: wide, cell: ({ driver }) => driver ?? '<unknown>' },
    { header: 'why', shown: wide, cell: ({ why }) => why ?? '' },
  ];
  return renderColumns(columns, claims, { header: noHeaders ? 'none' : 'upper-case', paint });
}

/** `12 claims: 3 uncovered, 1 stale, 0 unknown, 8 covered; 2 ignored`. */
export function coverageLine({ claims, ignored, ...counts }: CoverageTotals): string {
  const states = coverageStates.map((state: CoverageState) => `${counts[state]} ${state}`).join(', ');
  return `${claims} ${claims === 1 ? 'claim' : 'claims'}: ${states}; ${ignored} ignored`;
}

/** Says what is unknown because the user may not list these. */
export function lackLine({ resource }: Right): string {
  const { plural, group } = resource;
  return `warning: cannot list ${group === '' ? plural : `${plural}.${group}`}: ${unknownWithout(resource)}`;
}

function unknownWithout(resource: Resource): string {
  switch (resource) {
    case backupConfigurations:
      return 'the schedules are unknown';
    case backupSessions:
      return 'whether a session failed is read from its snapshots';
    case volumeSnapshotClasses:
      return 'the deletion policies are unknown';
    default:
      return 'the claims that only they use are of an unknown workload';
  }
}

/** What `-o json` and `-o yaml` print. These kinds exist in the output only; no API server serves them. */
export function coverageList(
  claims: readonly ClaimCoverage[],
  { totals, lacks }: { readonly totals: CoverageTotals; readonly lacks: readonly Right[] },
) {
  return {
    apiVersion,
    kind: 'ClaimCoverageList',
    totals,
    ...(lacks.length > 0 && { lacks: lacks.map(formatRight) }),
    items: claims.map(coverageItem),
  };
}

export function coverageItem(coverage: ClaimCoverage) {
  const { claim, state, why, users, configurations, point, snapshotClass, deletionPolicy, driver } = coverage;
  const { name, namespace, size } = claim;
  const bytes = parseQuantity(size ?? '');
  return {
    apiVersion,
    kind: 'ClaimCoverage',
    metadata: { name, namespace },
    state,
    ...(why !== undefined && { why }),
    ...(users && { workloads: users }),
    ...(configurations && {
      configurations: configurations.map(({ due, ...rest }) => ({
        ...rest,
        ...(due && { nextDue: due.next.toISOString() }),
      })),
    }),
    ...(point && { lastGood: { name: point.session, takenAt: point.takenAt.toISOString() } }),
    ...(snapshotClass !== undefined && { snapshotClassName: snapshotClass }),
    ...(deletionPolicy && { deletionPolicy }),
    ...(driver !== undefined && { driver }),
    ...(coverage.outlivesVolume && { snapshotsOutliveVolume: true }),
    ...(size !== undefined && { size }),
    ...(bytes !== undefined && { sizeBytes: Number(bytes) }),
  };
}

export function coverageNames(claims: readonly ClaimCoverage[]): string[] {
  return claims.map(({ claim }) => `persistentvolumeclaim/${claim.name}`);
}

/** The words of `--sort-by` that name a column instead of a field of the output. */
export const coverageSortWords: Readonly<Record<string, string>> = {
  age: '.lastGood.takenAt',
  name: '.metadata.name',
  namespace: '.metadata.namespace',
  size: '.sizeBytes',
  state: '.state',
  workload: '.workloads[0].name',
};

function formatUser(user: ClaimUser): string {
  return `${formatTarget(user)}${user.leftBehind ? ' (scaled down)' : ''}`;
}

function scheduleOf({ schedule, paused }: ClaimConfiguration): string[] {
  return schedule === undefined ? [] : [paused ? `${schedule} (paused)` : schedule];
}

function nextDue(configurations: readonly ClaimConfiguration[]): Date | undefined {
  const times = configurations.flatMap(({ due }) => due?.next.getTime() ?? []);
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/** Of a driver that is not known to keep snapshots, nothing is said: it may delete them with the volume. */
function fate(hasPoint: boolean, outlives: boolean): string {
  if (!hasPoint) return '<none>';
  return outlives ? 'no' : '<unknown>';
}

function listOf(values: readonly string[] | undefined): string {
  if (values === undefined) return '<unknown>';
  return values.length === 0 ? '<none>' : values.join(',');
}
