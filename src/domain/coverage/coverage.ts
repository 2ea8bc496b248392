/** What protects the data of claims: the newest good restore point of each, and the schedules that make the next ones. */
import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { defined } from '#src/domain/defined.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { dueOf, isOverdue, type Due } from '#src/domain/due.ts';
import { outlivesVolume } from '#src/domain/in-place/lasting-snapshots.ts';
import type { NewestPoint } from '#src/domain/restore-points/newest-points.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';
import { rememberedRuns } from '#src/domain/schedule.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';

import { configurationsOf, type ConfigurationsOf } from './claim-configurations.ts';
import type { ClaimSchedule } from './claim-schedule.ts';
import type { ClaimUser, UsersOf } from './claim-users.ts';
import { claimKey, type HeldClaim } from './held-claim.ts';

/** In the order of the list. `unknown`: what the user may read does not tell. */
export const coverageStates = ['uncovered', 'stale', 'unknown', 'covered'] as const;
export type CoverageState = (typeof coverageStates)[number];

export interface CoverageScene {
  /** Bound claims without the mark that tells `coverage` to ignore them. */
  readonly claims: readonly HeldClaim[];
  /** StatefulSets: a schedule may take snapshots of some of their claims only. Other workloads do not matter here. */
  readonly workloads: readonly TargetObject[];
  readonly usersOf: UsersOf;
  /** Lists of workloads and pods that the user may not read. */
  readonly unread: readonly Right[];
  /** Undefined if the user may not read them, or the cluster does not have the kind. */
  readonly configurations: readonly ClaimSchedule[] | undefined;
  /** By `claimKey`: the newest good restore point of each claim. */
  readonly points: ReadonlyMap<string, NewestPoint>;
  /** By `claimKey`: claims with a ready snapshot that another tool made. */
  readonly foreign: ReadonlySet<string>;
  /** Undefined if the user may not read them. */
  readonly classes: readonly VolumeSnapshotClass[] | undefined;
  readonly now: Date;
  /** A claim without a schedule is stale if its newest good restore point is older. */
  readonly staleAfterMs: number;
}

export interface ClaimCoverage {
  readonly claim: HeldClaim;
  readonly state: CoverageState;
  /** Why it is stale or unknown. */
  readonly why?: string;
  /** Undefined if unknown, since the user may not list all that could use it. */
  readonly users: readonly ClaimUser[] | undefined;
  /** Undefined if unknown. */
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

/** Uncovered claims first, then stale ones; claims of the same state by namespace and name. */
export function coverage(scene: CoverageScene): ClaimCoverage[] {
  const judge = judgeOf(scene);
  const rank = ({ state }: ClaimCoverage) => coverageStates.indexOf(state);
  return scene.claims
    .map((claim) => judge(claim))
    .sort((a, b) => rank(a) - rank(b) || compareClaims(a.claim, b.claim));
}

function compareClaims(a: HeldClaim, b: HeldClaim): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

export function totalsOf(all: readonly ClaimCoverage[], ignored: number): CoverageTotals {
  const count = (state: CoverageState) => all.filter((each) => each.state === state).length;
  const [uncovered, stale, unknown, covered] = coverageStates.map(count) as [number, number, number, number];
  return { claims: all.length, uncovered, stale, unknown, covered, ignored };
}

function judgeOf(scene: CoverageScene): (claim: HeldClaim) => ClaimCoverage {
  const { usersOf, unread, points, classes = [], now } = scene;
  const runs = rememberedRuns();
  const classesByName = new Map(classes.map((each) => [each.metadata.name ?? '', each]));
  const found = scene.configurations && configurationsOf(scene.configurations, scene);
  return (claim) => {
    const users = usersOf(claim);
    const point = points.get(claimKey(claim.namespace, claim.name));
    const since = point?.takenAt;
    const configurations = found?.of(claim, users, point?.target).map((each): ClaimConfiguration => {
      const { name, schedule, paused, byHand, created } = each;
      const from = since ?? new Date(created);
      const due = paused || schedule === undefined ? undefined : dueOf(schedule, from, now, runs);
      return defined({ name, schedule: byHand ? undefined : schedule, paused, due });
    });
    const snapshotClass = point?.snapshotClass;
    const known = classesByName.get(snapshotClass ?? '');
    const driver = known?.driver ?? claim.provisioner;
    const { state, why } = stateOf(claim, { scene, point, configurations, found });
    const { deletionPolicy } = known ?? {};
    return {
      users: users.length === 0 && unread.length > 0 ? undefined : users,
      configurations,
      outlivesVolume: driver !== undefined && outlivesVolume(driver),
      ...defined({ claim, state, why, point, snapshotClass, deletionPolicy, driver }),
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
  { namespace, name }: HeldClaim,
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
