/**
 * Which snapshots of an invoker a retention policy keeps. A schedule's policy is about what the schedule made, and the
 * policy of a command about what users made: neither sees the other's. The rules apply to the snapshots of each claim, newest first.
 * Claims with the same complete restore points keep and lose them together, even if they were cut in different seconds.
 */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { RetentionPolicy } from '#src/api/stash.ts';

import { labelValue } from '#src/domain/workload/names.ts';
import {
  isGood,
  restorePoints,
  type PointClaim,
  type RestorePoint,
} from '#src/domain/restore-points/restore-points.ts';
import { readKeeping, whyKept, type Maker } from '#src/domain/restore-points/keeping.ts';
import { hasRules, keepRules, type KeepRule } from './retention-rules.ts';
import { snapshotTakenAt } from '#src/domain/restore-points/snapshot-taken-at.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { readTarget } from '#src/domain/workload/target.ts';

/** A BackupConfiguration. */
export interface Invoker {
  readonly name: string;
  readonly namespace: string;
}

/** Whose restore points a policy is about. */
export type Line = Maker['by'];

export interface Judged {
  readonly snapshot: Stored<VolumeSnapshot>;
  /** `last 3`, `daily 2026-03-14`, `newest complete restore point`; one phrase. */
  readonly why: string;
}

export interface RetentionWorld {
  readonly line: Line;
  readonly now: Date;
  /** Names of snapshots from which unfinished sessions restore claims. */
  readonly inUse: ReadonlySet<string>;
}

/** Each snapshot of the invoker once, newest first. */
export interface RetentionPlan {
  readonly stay: readonly Judged[];
  readonly go: readonly Judged[];
}

/** Where it is not recorded who made it, a schedule's policy must not delete it. */
export function lineOf(object: KubernetesObject): Line {
  return readKeeping(object).maker?.by ?? 'user';
}

/** The snapshots that sessions of this invoker created, with our annotations; our labels alone do not suffice. */
export function snapshotsOf(
  invoker: Invoker,
  snapshots: readonly Stored<VolumeSnapshot>[],
): Stored<VolumeSnapshot>[] {
  return snapshots.filter((snapshot) => {
    const { namespace, labels = {}, annotations = {} } = snapshot.metadata;
    return (
      namespace === invoker.namespace &&
      labels[label.invokerType] === 'BackupConfiguration' &&
      labels[label.invokerName] === labelValue(invoker.name) &&
      annotations[annotation.sessionUid] !== undefined &&
      readSessionClaims(annotations) !== undefined &&
      readTarget(snapshot) !== undefined
    );
  });
}

/**
 * Snapshots that are not ready, or that belong to an incomplete restore point or to a session that failed, do not count:
 * they stay until newer ones fill their place in a rule. Snapshots that may still become ready, are being deleted or
 * restored, are pinned or kept until a later time always stay, as does the newest complete restore point of each target. What a user
 * made to be kept until a time goes with the schedule's policy once that time has come. The plan is the same whether the policy prunes or not.
 */
export function planRetention(
  invoker: Invoker,
  snapshots: readonly Stored<VolumeSnapshot>[],
  policy: RetentionPolicy,
  { line, now, inUse }: RetentionWorld,
): RetentionPlan {
  const all = restorePoints(snapshotsOf(invoker, snapshots), []);
  const points = all.filter((point) => lineOfPoint(point) === line);
  const expired = line === 'schedule' ? all.filter((point) => isExpired(point, now)) : [];
  const entries = points.flatMap((point) =>
    point.claims.flatMap((claim) => entryOf(point, claim, { now, inUse }) ?? []),
  );
  entries.sort(newestFirst);
  const newest = newestComplete(points);
  const kept = hasRules(policy) ? keptByRules(entries, policy) : undefined;
  const whyStays = (entry: Entry): string | undefined => {
    if (kept === undefined) return 'the policy keeps all';
    if (entry.leftAlone !== undefined) return entry.leftAlone;
    return kept.get(entry) ?? (newest.has(entry.point) ? 'newest complete restore point' : undefined);
  };
  const stay: Judged[] = [];
  const go: Judged[] = [];
  for (const entry of entries) {
    const why = whyStays(entry);
    if (why === undefined) go.push({ snapshot: entry.snapshot, why: 'no rule keeps it' });
    else stay.push({ snapshot: entry.snapshot, why });
  }
  const best = newestComplete(all);
  for (const point of kept === undefined ? [] : expired.filter((one) => !best.has(one))) {
    for (const claim of point.claims) {
      const entry = entryOf(point, claim, { now, inUse });
      if (entry && entry.leftAlone === undefined) {
        go.push({ snapshot: entry.snapshot, why: 'its time has passed' });
      }
    }
  }
  return { stay, go };
}

function lineOfPoint({ keeping }: RestorePoint): Line {
  return keeping.maker?.by ?? 'user';
}

function isExpired(point: RestorePoint, now: Date): boolean {
  const { pinned, until } = point.keeping;
  return lineOfPoint(point) === 'user' && !pinned && until !== undefined && until <= now;
}

interface Entry {
  readonly point: RestorePoint;
  readonly claim: string;
  readonly snapshot: Stored<VolumeSnapshot>;
  /** When it was cut. */
  readonly at: Date;
  /** Whether it takes the place of older ones. */
  readonly counts: boolean;
  /** Why the snapshot stays regardless of the rules. */
  readonly leftAlone: string | undefined;
}

function entryOf(
  point: RestorePoint,
  { claim, snapshot, state }: PointClaim,
  { now, inUse }: Omit<RetentionWorld, 'line'>,
): Entry | undefined {
  if (snapshot === undefined) return undefined;
  const leftAlone =
    // A second snapshot of the same claim and session is a copy that a user created.
    point.completeness === 'unknown'
      ? 'a copy'
      : state === 'deleting'
        ? 'being deleted'
        : state === 'pending'
          ? 'not ready yet'
          : inUse.has(snapshot.metadata.name)
            ? 'being restored'
            : whyKept(point.keeping, now);
  return {
    point,
    claim,
    snapshot,
    at: snapshotTakenAt(snapshot),
    counts: isGood(point),
    leftAlone,
  };
}

/** Within the same second, the later session comes first, as in the list of restore points. */
function newestFirst(a: Entry, b: Entry): number {
  const byTime = b.at.getTime() - a.at.getTime();
  if (byTime !== 0) return byTime;
  if (a.point.session !== b.point.session) return a.point.session > b.point.session ? -1 : 1;
  return a.snapshot.metadata.name < b.snapshot.metadata.name ? -1 : 1;
}

/** `points`: newest first. */
function newestComplete(points: readonly RestorePoint[]): ReadonlySet<RestorePoint> {
  const byTarget = new Map<string, RestorePoint>();
  for (const point of points) {
    const target = JSON.stringify(point.target);
    if (isGood(point) && !byTarget.has(target)) byTarget.set(target, point);
  }
  return new Set(byTarget.values());
}

/** From each kept entry to the reason. `entries`: newest first. */
function keptByRules(entries: readonly Entry[], policy: RetentionPolicy): ReadonlyMap<Entry, string> {
  const judged = entries.filter(({ leftAlone }) => leftAlone === undefined);
  const kept = new Map<Entry, string>();
  for (const ofClaim of Map.groupBy(judged, ({ claim }) => claim).values()) {
    for (const rule of keepRules) {
      for (const [entry, why] of keptByRule(ofClaim, rule, policy)) {
        if (!kept.has(entry)) kept.set(entry, why);
      }
    }
  }
  const companions = claimsAlike(entries);
  for (const ofPoint of Map.groupBy(judged, ({ point }) => point).values()) {
    const alike = Map.groupBy(ofPoint, ({ claim }) => companions.get(claim));
    for (const together of alike.values()) {
      const keeper = together.find((entry) => kept.has(entry));
      if (keeper === undefined) continue;
      for (const entry of together) {
        if (!kept.has(entry)) kept.set(entry, `goes with ${keeper.snapshot.metadata.name}`);
      }
    }
  }
  return kept;
}

/** `entries`: of one claim, newest first. */
function* keptByRule(
  entries: readonly Entry[],
  { field, bucket, word }: KeepRule,
  policy: RetentionPolicy,
): Generator<[Entry, string]> {
  const limit = policy[field] ?? 0;
  const filled = new Set<string>();
  for (const entry of entries) {
    if (filled.size >= limit) return;
    const key = bucket?.(entry.at) ?? entry.snapshot.metadata.name;
    if (filled.has(key)) continue;
    if (entry.counts) filled.add(key);
    yield [
      entry,
      entry.counts
        ? `${word} ${bucket ? key : filled.size}`
        : 'of an incomplete restore point, with none newer',
    ];
  }
}

/** From each claim to a key that claims share exactly if they have the same complete restore points. */
function claimsAlike(entries: readonly Entry[]): ReadonlyMap<string, string> {
  const points = new Map<string, string[]>();
  for (const { claim, point, counts } of entries) {
    const of = points.get(claim) ?? [];
    if (counts) of.push(JSON.stringify([point.sessionUid, point.target]));
    points.set(claim, of);
  }
  return new Map([...points].map(([claim, of]) => [claim, JSON.stringify(of.sort())]));
}
