/** What protects the data of claims: the newest good restore point of each, and the schedules that make the next ones. */
import type { PersistentVolumeClaim, Stored, VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { dueOf, isOverdue, type Due } from '#src/domain/due.ts';
import { outlivesVolume } from '#src/domain/in-place/lasting-snapshots.ts';
import { provisionerAnnotations } from '#src/domain/restore-points/claim-annotations.ts';
import type { NewestPoint } from '#src/domain/restore-points/newest-points.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';
import { rememberedRuns } from '#src/domain/schedule.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';

import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import type { ClaimUser, UsersOf } from './claim-users.ts';
import { configurationsOf, type ConfigurationsOf } from './claim-configurations.ts';

/** In the order of the list. `unknown`: what the user may read does not tell. */
export const coverageStates = ['uncovered', 'stale', 'unknown', 'covered'] as const;
export type CoverageState = (typeof coverageStates)[number];

export interface CoverageScene {
  /** Those of which `holdsData` and not `isIgnored`. */
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly workloads: readonly TargetObject[];
  readonly usersOf: UsersOf;
  /** Lists of workloads and pods that the user may not read. */
  readonly unread: readonly Right[];
  /** Undefined: the user may not read them, or the cluster does not have the kind. */
  readonly configurations: readonly Stored<BackupConfiguration>[] | undefined;
  /** By `claimKey`: the newest good restore point of each claim. */
  readonly points: ReadonlyMap<string, NewestPoint>;
  /** By `claimKey`: claims with a ready snapshot that another tool made. */
  readonly foreign: ReadonlySet<string>;
  /** Undefined: the user may not read them. */
  readonly classes: readonly VolumeSnapshotClass[] | undefined;
  readonly now: Date;
  /** A claim without a schedule is stale if its newest good restore point is older. */
  readonly staleAfterMs: number;
}

export interface ClaimCoverage {
  readonly claim: Stored<PersistentVolumeClaim>;
  readonly state: CoverageState;
  /** Why it is stale or unknown. */
  readonly why?: string;
  /** Undefined: not known, since the user may not list all that could use it. */
  readonly users: readonly ClaimUser[] | undefined;
  /** Undefined: not known. */
  readonly configurations: readonly ClaimConfiguration[] | undefined;
  /** The newest good restore point with a snapshot of the claim. */
  readonly point?: NewestPoint;
  readonly snapshotClass?: string;
  /** Of the snapshot class, whose name the snapshot has. */
  readonly deletionPolicy?: VolumeSnapshotClass['deletionPolicy'];
  readonly driver?: string;
  /** Whether its driver is known to keep the snapshots of a volume that is deleted. */
  readonly outlivesVolume: boolean;
}

/** A BackupConfiguration whose sessions take a snapshot of the claim. */
export interface ClaimConfiguration {
  readonly name: string;
  /** Left out: its snapshots are taken on demand. */
  readonly schedule?: string;
  readonly paused: boolean;
  /** Left out if it is paused, or never due. */
  readonly due?: Due;
}

export type CoverageTotals = Readonly<Record<CoverageState | 'claims' | 'ignored', number>>;

export function claimKey(namespace: string | undefined, claim: string): string {
  return `${namespace ?? ''}/${claim}`;
}

export function holdsData({ status }: PersistentVolumeClaim): boolean {
  return status?.phase === 'Bound';
}

/** Uncovered claims first, then stale ones; claims of the same state by namespace and name. */
export function coverage(scene: CoverageScene): ClaimCoverage[] {
  const judge = judgeOf(scene);
  const rank = ({ state, claim: { metadata } }: ClaimCoverage) =>
    `${coverageStates.indexOf(state)} ${metadata.namespace ?? ''} ${metadata.name}`;
  return scene.claims
    .map((claim) => judge(claim))
    .map((each) => ({ each, key: rank(each) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ each }) => each);
}

export function totalsOf(all: readonly ClaimCoverage[], ignored: number): CoverageTotals {
  const count = (state: CoverageState) => all.filter((each) => each.state === state).length;
  const [uncovered, stale, unknown, covered] = coverageStates.map(count) as [number, number, number, number];
  return { claims: all.length, uncovered, stale, unknown, covered, ignored };
}

function judgeOf(scene: CoverageScene): (claim: Stored<PersistentVolumeClaim>) => ClaimCoverage {
  const { usersOf, unread, points, classes = [], now } = scene;
  const runs = rememberedRuns();
  const classesByName = new Map(classes.map((each) => [each.metadata.name ?? '', each]));
  const found = scene.configurations && configurationsOf(scene.configurations, scene);
  return (claim) => {
    const { namespace, name } = claim.metadata;
    const users = usersOf(claim);
    const point = points.get(claimKey(namespace, name));
    const since = point?.takenAt;
    const configurations = found?.of(claim, users, point?.target).map((each): ClaimConfiguration => {
      const { schedule, paused = false } = each.spec;
      const from = since ?? new Date(each.metadata.creationTimestamp);
      const due = paused || schedule === undefined ? undefined : dueOf(schedule, from, now, runs);
      return {
        name: each.metadata.name,
        ...(schedule !== undefined && !isPlaceholder(each) && { schedule }),
        paused,
        ...(due && { due }),
      };
    });
    const snapshotClass = point?.snapshotClass;
    const known = classesByName.get(snapshotClass ?? '');
    const driver = known?.driver ?? provisionerOf(claim);
    return {
      claim,
      ...stateOf(claim, { scene, point, configurations, found }),
      users: users.length === 0 && unread.length > 0 ? undefined : users,
      configurations,
      ...(point && { point }),
      ...(snapshotClass !== undefined && { snapshotClass }),
      ...(known && { deletionPolicy: known.deletionPolicy }),
      ...(driver !== undefined && { driver }),
      outlivesVolume: driver !== undefined && outlivesVolume(driver),
    };
  };
}

interface Findings {
  readonly scene: CoverageScene;
  readonly point: NewestPoint | undefined;
  readonly configurations: readonly ClaimConfiguration[] | undefined;
  readonly found: ConfigurationsOf | undefined;
}

function stateOf(
  { metadata: { namespace, name } }: Stored<PersistentVolumeClaim>,
  { scene, point, configurations, found }: Findings,
): Pick<ClaimCoverage, 'state' | 'why'> {
  const { now, staleAfterMs, foreign, unread } = scene;
  if (point === undefined) {
    return foreign.has(claimKey(namespace, name))
      ? { state: 'unknown', why: 'its snapshots were made by other means' }
      : { state: 'uncovered' };
  }
  if (configurations === undefined) return { state: 'unknown', why: 'its schedule cannot be read' };
  const scheduled = configurations.filter(({ due }) => due !== undefined);
  const late = scheduled.find(({ due }) => due !== undefined && isOverdue(due, now));
  if (late?.due) {
    return {
      state: 'stale',
      why: `${late.name} was due twice since then, the second time at ${late.due.second.toISOString()}`,
    };
  }
  if (scheduled.length > 0) return { state: 'covered' };
  const missing = unread.find((right) => found?.mayBeFor(namespace, right.resource.kind));
  if (missing) return { state: 'unknown', why: `which schedule is for it needs ${formatRight(missing)}` };
  return now.getTime() - point.takenAt.getTime() > staleAfterMs
    ? { state: 'stale', why: `no schedule, and older than ${formatDuration(staleAfterMs)}` }
    : { state: 'covered' };
}

function provisionerOf({ metadata }: PersistentVolumeClaim): string | undefined {
  return provisionerAnnotations
    .map((name) => metadata.annotations?.[name])
    .find((name) => name !== undefined);
}
