/** Decides what to restore in a namespace that has lost claims: which claims of which workloads, from which points. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { parseRenames } from '#src/domain/arguments/renames.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Choice, type Failure } from '#src/domain/finding.ts';
import { choosePoint, isOf, restoreFrom } from '#src/domain/restore-points/choose-point.ts';
import type { Moment } from '#src/domain/restore-points/moment.ts';
import type { PointClaim, RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { isFileSession } from '#src/domain/session/file-session.ts';
import { isInPlace } from '#src/domain/session/in-place.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { formatTarget, isTargetKind, readTarget, type Target } from '#src/domain/workload/target.ts';

/** All of one namespace. */
export interface RestoreScene {
  /** Newest first. */
  readonly points: readonly RestorePoint[];
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly sessions: readonly Stored<RestoreSession>[];
}

export interface ManyWishes {
  /** `latest`, or what `moment` was read from. */
  readonly from: string;
  readonly moment: Moment | undefined;
  readonly suffix: string | undefined;
}

export interface ChosenRestore {
  readonly target: Target;
  readonly point: RestorePoint;
  /** Empty: all claims of the point. */
  readonly only: readonly string[];
}

export interface ChosenRestores {
  readonly restores: readonly ChosenRestore[];
  /** What is skipped and why; one line each. */
  readonly notes: readonly string[];
  readonly failures: readonly Failure[];
}

/** The workloads and claims that have restore points; those with the newest point first, claims after workloads. */
export function targetsOf(points: readonly RestorePoint[]): Target[] {
  const targets = new Map(
    points.flatMap(({ namespace, target }) => {
      if (target === undefined || !isTargetKind(target.kind)) return [];
      return [[formatTarget(target), { kind: target.kind, name: target.name, namespace }] as const];
    }),
  );
  const isClaim = ({ kind }: Target) => kind === 'PersistentVolumeClaim';
  return [...targets.values()].sort((a, b) => Number(isClaim(a)) - Number(isClaim(b)));
}

/**
 * Restores each missing claim once, with the first of the targets whose restore point has it. A claim that exists is left
 * alone. Where some claims of a target exist and were not restored from the same point, the target is refused: its claims
 * would be of two points in time. A target with an unfinished session goes on with that, unless it restores in place.
 */
export function chooseRestores(
  targets: readonly Target[],
  scene: RestoreScene,
  wishes: ManyWishes,
): ChosenRestores {
  const { points, claims, sessions } = scene;
  const unfinished = sessions.filter(
    (session) =>
      !isInPlace(session) &&
      !isFileSession(session) &&
      !isFinal(session) &&
      session.metadata.deletionTimestamp === undefined,
  );
  const beingRestored = new Set(unfinished.map(({ metadata }) => metadata.uid));
  const existing = new Map(
    claims
      .filter(
        ({ metadata }) =>
          metadata.deletionTimestamp === undefined &&
          !beingRestored.has(metadata.annotations?.[annotation.restoreSessionUid] ?? ''),
      )
      .map((claim) => [claim.metadata.name, claim]),
  );
  const owners = new Map<string, Target>();
  const whole: string[] = [];
  const notes: string[] = [];
  const restores: ChosenRestore[] = [];
  const failures: Failure[] = [];

  for (const target of targets) {
    const begun = unfinished.find((session) => isSame(readTarget(session), target));
    const choice = choiceFor(target, points, wishes, begun);
    const point = 'value' in choice ? choice.value : points.find((each) => isOf(each, target));
    if (point === undefined) continue;
    const name = parseRenames(
      wishes,
      point.claims.map(({ claim }) => claim),
    );
    const missing = point.claims.filter(({ claim }) => !existing.has(name(claim)));
    if (missing.length === 0) {
      whole.push(formatTarget(target));
      continue;
    }
    const own = missing.filter(({ claim }) => !owners.has(name(claim)));
    for (const { claim } of missing) {
      const owner = owners.get(name(claim));
      if (owner !== undefined) notes.push(leftTo(owner, claim, target));
    }
    if (own.length === 0) continue;
    if ('failure' in choice) {
      failures.push(choice.failure);
      continue;
    }
    for (const { claim } of own) owners.set(name(claim), target);
    const kept = point.claims.filter((each) => isAnother(each, existing.get(name(each.claim))));
    if (kept.length > 0) failures.push(twoTimes(target, point, { own, kept }));
    else restores.push({ target, point, only: own.length === point.claims.length ? [] : namesOf(own) });
  }
  if (whole.length > 0) notes.push(`skipped, because their claims exist: ${whole.join(', ')}`);
  return { restores, notes, failures };
}

/** For `--all`: the claims that are missing and known only from points that name no workload; newest point first. */
export function unattributed(
  { points, claims }: Pick<RestoreScene, 'points' | 'claims'>,
  targets: readonly Target[],
): Failure[] {
  const known = new Set([
    ...claims.map(({ metadata }) => metadata.name),
    ...points
      .filter((point) => targets.some((target) => isOf(point, target)))
      .flatMap(({ claims }) => namesOf(claims)),
  ]);
  return points.flatMap((point) => {
    if (point.target !== undefined) return [];
    const lost = namesOf(point.claims).filter((claim) => !known.has(claim));
    for (const claim of lost) known.add(claim);
    const [first] = lost;
    if (first === undefined) return [];
    const target = { kind: 'PersistentVolumeClaim', name: first, namespace: point.namespace } as const;
    return failure(
      'precondition',
      `claim ${inWords(lost)} does not exist, and restore point ${point.session} names no workload`,
      { hint: restoreFrom(target, point, [first]) },
    );
  });
}

function choiceFor(
  target: Target,
  points: readonly RestorePoint[],
  { from, moment }: ManyWishes,
  begun: Stored<RestoreSession> | undefined,
): Choice<RestorePoint> {
  const begunFrom = begun?.metadata.annotations?.[annotation.restoredFrom];
  if (begunFrom !== undefined && points.some(({ session }) => session === begunFrom)) {
    const goesOn = choosePoint(points, target, begunFrom);
    if ('value' in goesOn) return goesOn;
  }
  return choosePoint(points, target, from, [], moment);
}

function isSame(a: Target | undefined, b: Target): boolean {
  return a !== undefined && formatTarget(a) === formatTarget(b);
}

/** Whether the claim exists with other data than that of the restore point. */
function isAnother({ snapshot }: PointClaim, claim: Stored<PersistentVolumeClaim> | undefined): boolean {
  return claim !== undefined && claim.spec.dataSource?.name !== snapshot?.metadata.name;
}

function namesOf(claims: readonly PointClaim[]): string[] {
  return claims.map(({ claim }) => claim);
}

function leftTo(owner: Target, claim: string, target: Target): string {
  const what =
    target.kind === 'PersistentVolumeClaim'
      ? formatTarget(target)
      : `claim ${claim} of ${formatTarget(target)}`;
  return `${what} is left to ${formatTarget(owner)}, whose restore point has it too`;
}

function twoTimes(
  target: Target,
  point: RestorePoint,
  { own, kept }: { readonly own: readonly PointClaim[]; readonly kept: readonly PointClaim[] },
): Failure {
  const of = formatTarget(target);
  const [lost, left] = [inWords(namesOf(own)), inWords(namesOf(kept))];
  const beside = commandLine`kubectl stash restore ${of} -n ${target.namespace} --from ${point.session} --suffix -restored`;
  return failure(
    'precondition',
    `${of}: claim ${lost} does not exist, but ${left} does: restored now, its claims would be of two points in time`,
    {
      hint: `to restore ${lost} nevertheless:\n${restoreFrom(target, point, namesOf(own))}\nor all claims beside it:\n${beside}`,
    },
  );
}
