/** Groups snapshots by session, by their annotations or else by their names. */
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { BackupSession, TargetRef } from '#src/api/stash.ts';

import { cutTooLate } from './cut-deadline.ts';
import { readSessionClaims } from './source-claim.ts';
import { namesSnapshotOf } from '#src/domain/workload/names.ts';
import { readTarget, targetApiVersion } from '#src/domain/workload/target.ts';

/** The target as a snapshot or session records it; it may no longer exist, or be of an unsupported kind. */
export interface PointTarget {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion?: string;
}

/** The snapshots of one session and one target. Empty for a session that has created none. */
export interface SnapshotGroup {
  readonly namespace: string;
  /** The session's name; if not known, the common suffix of the snapshots or the name of a single one. */
  readonly session: string;
  readonly sessionUid?: string | undefined;
  /** The session itself, if it still exists. */
  readonly object?: Stored<BackupSession> | undefined;
  readonly target?: PointTarget | undefined;
  /** Whether `claims` is the complete list, from our annotations. */
  readonly listed: boolean;
  /** Claims that should have a snapshot. */
  readonly claims: Set<string>;
  /** The snapshots by claim. */
  readonly snapshots: Map<string, Stored<VolumeSnapshot>>;
}

/** What a session records about one of its targets. */
interface Plan {
  readonly session: Stored<BackupSession>;
  readonly target: PointTarget | undefined;
  /** Empty if the session does not list them, or not yet. */
  readonly claims: readonly string[];
}

/** Unix seconds, or the five characters that Kubernetes appends to a generated name. */
const sessionSuffix = /^(?:\d{10}|[bcdfghjklmnpqrstvwxz2456789]{5})$/;

/**
 * Puts each snapshot into exactly one group, and adds an empty group for each session of ours without snapshots. The
 * groups are not sorted.
 */
export function groupSnapshots(
  snapshots: readonly Stored<VolumeSnapshot>[],
  sessions: readonly Stored<BackupSession>[],
): SnapshotGroup[] {
  const groups = new Map<string, SnapshotGroup>();
  const byUid = new Map(sessions.map((session) => [session.metadata.uid, session]));
  const plans = Map.groupBy(sessions.flatMap(plansOf), ({ session }) =>
    suffixKey(session, lastPart(session)),
  );
  const guessed: { snapshot: Stored<VolumeSnapshot>; suffix: string | undefined }[] = [];

  const join = (key: readonly unknown[], snapshot: Stored<VolumeSnapshot>, start: () => SnapshotGroup) => {
    const group = getOrAdd(groups, JSON.stringify(key), start);
    const claim = claimOf(snapshot);
    if (group.snapshots.has(claim)) return undefined;
    group.snapshots.set(claim, snapshot);
    return group;
  };

  for (const snapshot of bestFirst(snapshots)) {
    const own = ownGroup(snapshot, byUid);
    if (own) {
      const { namespace, sessionUid, target } = own;
      const group = join(['own', namespace, sessionUid, target?.kind, target?.name], snapshot, () => own);
      // A second snapshot of the same claim is a copy that a user created.
      if (group) for (const claim of own.claims) group.claims.add(claim);
      else guessed.push({ snapshot, suffix: undefined });
      continue;
    }
    const suffix = suffixOf(snapshot);
    const plan = planFor(snapshot, plans.get(suffixKey(snapshot, suffix)));
    if (plan) {
      const { uid } = plan.session.metadata;
      join(['session', uid, plan.target?.kind, plan.target?.name], snapshot, () => planGroup(plan, false));
    } else {
      guessed.push({ snapshot, suffix: sessionSuffix.test(suffix) ? suffix : undefined });
    }
  }

  const siblings = Map.groupBy(guessed, ({ snapshot, suffix }) => suffixKey(snapshot, suffix ?? ''));
  for (const { snapshot, suffix } of guessed) {
    if (suffix !== undefined && (siblings.get(suffixKey(snapshot, suffix))?.length ?? 0) > 1) {
      join(['suffix', namespaceOf(snapshot), suffix], snapshot, () =>
        foreignGroup(snapshot, suffix, undefined),
      );
    } else {
      const { name, uid } = snapshot.metadata;
      join(['alone', uid], snapshot, () => foreignGroup(snapshot, name, sourceTarget(snapshot)));
    }
  }

  const seen = new Set([...groups.values()].map(({ sessionUid }) => sessionUid));
  const empty = [...plans.values()]
    .flat()
    .filter(({ session }) => !seen.has(session.metadata.uid) && isOurs(session))
    .map((plan) => planGroup(plan, true));
  return [...groups.values(), ...empty];
}

/**
 * Returns the claim that the snapshot was taken of. For a snapshot that was imported from a storage system, returns the
 * claim by which the session named it, or else the snapshot's own name.
 */
export function claimOf({ metadata, spec }: Stored<VolumeSnapshot>): string {
  const { persistentVolumeClaimName: claim } = spec.source;
  if (claim !== undefined) return claim;
  const claims = readSessionClaims(metadata.annotations) ?? [];
  return claims.find((each) => namesSnapshotOf(each, metadata.name)) ?? metadata.name;
}

function ownGroup(
  snapshot: Stored<VolumeSnapshot>,
  sessions: ReadonlyMap<string, Stored<BackupSession>>,
): SnapshotGroup | undefined {
  const { annotations = {}, labels = {} } = snapshot.metadata;
  const sessionUid = annotations[annotation.sessionUid];
  const target = ownTarget(snapshot);
  const claims = readSessionClaims(annotations);
  if (sessionUid === undefined || target === undefined || claims === undefined) return undefined;
  return {
    namespace: namespaceOf(snapshot),
    session: annotations[annotation.sessionName] ?? labels[label.backupSession] ?? sessionUid,
    sessionUid,
    object: sessions.get(sessionUid),
    target,
    listed: true,
    claims: new Set(claims),
    snapshots: new Map(),
  };
}

function planGroup({ session, target, claims }: Plan, listed: boolean): SnapshotGroup {
  return {
    namespace: namespaceOf(session),
    session: session.metadata.name,
    sessionUid: session.metadata.uid,
    object: session,
    target,
    listed,
    claims: new Set(claims),
    snapshots: new Map(),
  };
}

function foreignGroup(
  snapshot: Stored<VolumeSnapshot>,
  session: string,
  target: PointTarget | undefined,
): SnapshotGroup {
  const namespace = namespaceOf(snapshot);
  return { namespace, session, target, listed: false, claims: new Set(), snapshots: new Map() };
}

function plansOf(session: Stored<BackupSession>): Plan[] {
  const targets = session.status?.targets ?? [];
  const claims = readSessionClaims(session.metadata.annotations);
  if (claims) return [{ session, target: ownTarget(session), claims }];
  if (targets.length === 0) return [{ session, target: undefined, claims: [] }];
  return targets.map(({ ref, stats = [] }) => ({
    session,
    target: refTarget(ref),
    claims: stats.flatMap(({ hostname }) => hostname ?? []),
  }));
}

/**
 * Returns the only plan that lists the snapshot's claim, else the only plan without claims. Undefined if several fit.
 */
function planFor(snapshot: Stored<VolumeSnapshot>, plans: readonly Plan[] = []): Plan | undefined {
  const claim = claimOf(snapshot);
  const naming = plans.filter(({ claims }) => claims.includes(claim));
  const candidates = naming.length > 0 ? naming : plans.filter(({ claims }) => claims.length === 0);
  return candidates.length === 1 ? candidates[0] : undefined;
}

/**
 * AppsCode's operator names a snapshot `<claim>-<last dash-separated part of the session's name>`. Returns this last
 * part. For a snapshot with another name, returns an empty text, which matches no session.
 */
function suffixOf(snapshot: Stored<VolumeSnapshot>): string {
  const { name } = snapshot.metadata;
  const prefix = `${claimOf(snapshot)}-`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : '';
}

function lastPart(session: Stored<BackupSession>): string {
  return session.metadata.name.split('-').at(-1) ?? '';
}

function suffixKey(object: KubernetesObject, suffix: string): string {
  return JSON.stringify([namespaceOf(object), suffix]);
}

function isOurs(session: Stored<BackupSession>): boolean {
  return readSessionClaims(session.metadata.annotations) !== undefined;
}

function ownTarget(object: KubernetesObject): PointTarget | undefined {
  const target = readTarget(object);
  return target && refTarget({ ...target, apiVersion: targetApiVersion(target.kind) });
}

function refTarget({ kind, name, apiVersion }: TargetRef = {}): PointTarget | undefined {
  if (kind === undefined || name === undefined) return undefined;
  return { kind, name, ...(apiVersion !== undefined && { apiVersion }) };
}

function sourceTarget(snapshot: Stored<VolumeSnapshot>): PointTarget | undefined {
  const name = snapshot.spec.source.persistentVolumeClaimName;
  return name === undefined ? undefined : { kind: 'PersistentVolumeClaim', name, apiVersion: 'v1' };
}

function namespaceOf(object: KubernetesObject): string {
  return object.metadata.namespace ?? '';
}

/** Sorts restorable snapshots first, then older ones first. If two snapshots claim to be the same, the first counts. */
function bestFirst(snapshots: readonly Stored<VolumeSnapshot>[]): Stored<VolumeSnapshot>[] {
  return snapshots
    .map((snapshot) => ({ snapshot, rank: rank(snapshot) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ snapshot }) => snapshot);
}

function rank(snapshot: Stored<VolumeSnapshot>): string {
  const { deletionTimestamp, creationTimestamp, name } = snapshot.metadata;
  const ready = snapshot.status?.readyToUse === true && deletionTimestamp === undefined;
  const good = ready && cutTooLate(snapshot) === undefined;
  return [good ? 0 : ready ? 1 : 2, creationTimestamp, name].join(' ');
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
