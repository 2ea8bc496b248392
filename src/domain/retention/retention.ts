/**
 * Which snapshots of an invoker a retention policy keeps. The policy is about the snapshots of one claim, newest first;
 * claims that share their complete restore points keep and lose them together, whichever second each was cut in.
 */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { RetentionPolicy } from '#src/api/stash.ts';

import { labelValue } from '#src/domain/workload/names.ts';
import {
  restorePoints,
  type PointClaim,
  type RestorePoint,
} from '#src/domain/restore-points/restore-points.ts';
import { hasRules, keepRules, type KeepRule } from './retention-rules.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { readTarget } from '#src/domain/workload/target.ts';

/** A BackupConfiguration. */
export interface Invoker {
  readonly name: string;
  readonly namespace: string;
}

export interface Judged {
  readonly snapshot: Stored<VolumeSnapshot>;
  /** `last 3`, `daily 2026-03-14`, `newest complete restore point`; one phrase. */
  readonly why: string;
}

/** Each snapshot of the invoker once, newest first. */
export interface RetentionPlan {
  readonly stay: readonly Judged[];
  readonly go: readonly Judged[];
}

/** Snapshots that sessions of this invoker made; never those that carry our label only. */
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
 * A snapshot that is not ready counts for nothing, nor does one of an incomplete restore point: they stay as long as
 * no newer ones fill the place that they would have. What may still become ready, or is being deleted, is left alone,
 * and so is the newest complete restore point of each target. Whether the policy prunes is the caller's matter.
 */
export function planRetention(
  invoker: Invoker,
  snapshots: readonly Stored<VolumeSnapshot>[],
  policy: RetentionPolicy,
): RetentionPlan {
  const points = restorePoints(snapshotsOf(invoker, snapshots), []);
  const entries = points.flatMap((point) => point.claims.flatMap((claim) => entryOf(point, claim) ?? []));
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
  return { stay, go };
}

interface Entry {
  readonly point: RestorePoint;
  readonly claim: string;
  readonly snapshot: Stored<VolumeSnapshot>;
  /** When it was cut. */
  readonly at: Date;
  /** Whether it takes the place of older ones. */
  readonly counts: boolean;
  /** Why no rule is asked. */
  readonly leftAlone?: string;
}

function entryOf(point: RestorePoint, { claim, snapshot, state }: PointClaim): Entry | undefined {
  if (snapshot === undefined) return undefined;
  const { creationTimestamp } = snapshot.metadata;
  const leftAlone =
    // Two of one claim in one session: one of them is a copy that somebody made.
    point.completeness === 'unknown'
      ? 'a copy'
      : state === 'deleting'
        ? 'being deleted'
        : state === 'pending'
          ? 'not ready yet'
          : undefined;
  return {
    point,
    claim,
    snapshot,
    at: new Date(snapshot.status?.creationTime ?? creationTimestamp),
    counts: point.completeness === 'complete',
    ...(leftAlone !== undefined && { leftAlone }),
  };
}

/** Of the same second, that of the later session, as restore points are listed. */
function newestFirst(a: Entry, b: Entry): number {
  const byTime = b.at.getTime() - a.at.getTime();
  if (byTime !== 0) return byTime;
  if (a.point.session !== b.point.session) return a.point.session > b.point.session ? -1 : 1;
  const [first, second] = [a.snapshot.metadata.name, b.snapshot.metadata.name];
  return first < second ? -1 : Number(first > second);
}

/** `points`: newest first. */
function newestComplete(points: readonly RestorePoint[]): ReadonlySet<RestorePoint> {
  const byTarget = new Map<string, RestorePoint>();
  for (const point of points) {
    const target = `${point.target?.kind ?? ''}/${point.target?.name ?? ''}`;
    if (point.completeness === 'complete' && !byTarget.has(target)) byTarget.set(target, point);
  }
  return new Set(byTarget.values());
}

/** By entry: why. `entries`: newest first. */
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

/** By claim: what claims with the very same complete restore points have in common. */
function claimsAlike(entries: readonly Entry[]): ReadonlyMap<string, string> {
  const points = new Map<string, string[]>();
  for (const { claim, point, counts } of entries) {
    const of = points.get(claim) ?? [];
    if (counts) of.push(`${point.sessionUid ?? ''}/${point.target?.kind ?? ''}/${point.target?.name ?? ''}`);
    points.set(claim, of);
  }
  return new Map([...points].map(([claim, of]) => [claim, JSON.stringify(of.sort())]));
}
