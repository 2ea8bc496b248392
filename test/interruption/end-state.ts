/** What sessions leave behind, without what differs from run to run: times, and names that contain them. */
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Stage } from '#test/session/stage.ts';

type World = Pick<Stage, 'all'>;

const times: ReadonlySet<string> = new Set([
  'lastTransitionTime',
  'sessionDeadline',
  'sessionDuration',
  'duration',
  'nextRetry',
]);

/** Sorts conditions by type. */
function timeless(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (times.has(key)) return undefined;
    return key === 'conditions' ? (inner as Condition[]).flatMap(essence).toSorted(byType) : inner;
  });
  return JSON.parse(text.replaceAll(/\b\d{10}\b/g, 'SECONDS').replaceAll(/\bapp-\w+-\w+\b/g, 'POD'));
}

function essence(condition: Condition): Condition[] {
  const { type, message, ...others } = condition;
  // Written by an operator that is running during the session.
  if (type.endsWith('ExecutorEnsured')) return [];
  // A session that is no longer the newest gets no condition about the history.
  if (type === 'BackupHistoryCleaned') return [];
  // What was left to delete depends on which executor began.
  if (type === 'RetentionPolicyApplied') return [{ type, ...others }];
  return [{ type, ...(message !== undefined && { message }), ...others }];
}

function byType(a: Condition, b: Condition): number {
  return a.type < b.type ? -1 : 1;
}

/**
 * BackupSessions, oldest first, each with its snapshots; snapshots of deleted sessions; contents without a snapshot.
 */
export async function backupsIn(stage: World, namespace: string): Promise<unknown> {
  const [sessions, snapshots, contents] = await Promise.all([
    stage.all(backupSessions, namespace),
    stage.all(volumeSnapshots, namespace),
    stage.all(volumeSnapshotContents),
  ]);
  const of = (uid: string | undefined) =>
    snapshots
      .filter(({ metadata }) => metadata.annotations?.[annotation.sessionUid] === uid)
      .map(({ spec, status }) => [spec.source.persistentVolumeClaimName, status?.readyToUse])
      .sort();
  const known = new Set(sessions.map(({ metadata }) => metadata.uid));
  const orphans = snapshots.filter(
    ({ metadata }) => !known.has(metadata.annotations?.[annotation.sessionUid] ?? ''),
  );
  return timeless({
    sessions: sessions
      .sort(byAge)
      .map((session) => ({ ...facts(session), snapshots: of(session.metadata.uid) })),
    orphans: orphans
      .map(({ spec, status }) => [spec.source.persistentVolumeClaimName, status?.readyToUse])
      .sort(),
    lost: contents.filter(
      ({ spec }) =>
        spec.volumeSnapshotRef.namespace === namespace &&
        !snapshots.some(({ metadata }) => metadata.name === spec.volumeSnapshotRef.name),
    ).length,
  });
}

/** RestoreSessions and all claims of the namespace. */
export async function restoresIn(stage: World, namespace: string): Promise<unknown> {
  const [sessions, claims] = await Promise.all([
    stage.all(restoreSessions, namespace),
    stage.all(persistentVolumeClaims, namespace),
  ]);
  const names = new Map(sessions.map(({ metadata }) => [metadata.uid, metadata.name]));
  return timeless({
    sessions: sessions.map(facts),
    claims: claims.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      from: spec.dataSource,
      phase: status?.phase,
      of: names.get(metadata.annotations?.[annotation.restoreSessionUid] ?? ''),
    })),
  });
}

function facts({ metadata, spec, status }: Stored<BackupSession> | Stored<RestoreSession>) {
  return {
    name: metadata.name,
    spec,
    status,
    quiesced: metadata.annotations?.[annotation.quiescedSince] !== undefined,
  };
}

function byAge({ metadata: a }: Stored<BackupSession>, { metadata: b }: Stored<BackupSession>): number {
  return a.creationTimestamp < b.creationTimestamp ||
    (a.creationTimestamp === b.creationTimestamp && a.name < b.name)
    ? -1
    : 1;
}
