/** Says what the deletion of sessions and snapshots affects. */
import type {
  PersistentVolumeClaim,
  Stored,
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { commandLine } from '#src/domain/command-line.ts';
import { isFileSession } from '#src/domain/session/file-session.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { whyKept } from './keeping.ts';
import { isGood, restorePoints, snapshotsOfPoint, type RestorePoint } from './restore-points.ts';
import { snapshotsToRestore } from './snapshots-to-restore.ts';
import { isFinal, type Session } from '#src/domain/session/session-status.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

/** All objects of one namespace. */
export interface DeleteScene {
  readonly snapshots: readonly Stored<VolumeSnapshot>[];
  readonly backupSessions: readonly Stored<BackupSession>[];
  readonly restoreSessions: readonly Stored<RestoreSession>[];
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  /** Undefined if the user may not list them. */
  readonly classes: readonly Stored<VolumeSnapshotClass>[] | undefined;
  /** By name: the VolumeSnapshotContents of the affected snapshots, as far as the user may read them. */
  readonly contents: ReadonlyMap<string, Stored<VolumeSnapshotContent>>;
}

export interface DeleteEffects {
  /** Effects to show to the user, one line each. */
  readonly notes: readonly string[];
  /** Reasons to refuse the deletion. */
  readonly refusals: readonly StashError[];
  /** Reasons to refuse the deletion without `--force`. */
  readonly unlessForced: readonly StashError[];
}

const none: DeleteEffects = { notes: [], refusals: [], unlessForced: [] };

export function joinEffects(all: readonly DeleteEffects[]): DeleteEffects {
  return {
    notes: [...new Set(all.flatMap(({ notes }) => notes))],
    refusals: all.flatMap(({ refusals }) => refusals),
    unlessForced: all.flatMap(({ unlessForced }) => unlessForced),
  };
}

export function backupSessionEffects(session: Stored<BackupSession>, scene: DeleteScene): DeleteEffects {
  const { name, uid } = session.metadata;
  const kept = restorePoints(scene.snapshots, scene.backupSessions)
    .filter(({ sessionUid }) => sessionUid === uid)
    .flatMap(namesOf);
  const stays = kept.length === 0 ? [] : [`backupsession/${name}: its snapshots stay: ${kept.join(', ')}`];
  const { nextRetry, retried } = session.status ?? {};
  const retry =
    nextRetry === undefined || retried === true
      ? []
      : [`backupsession/${name}: it will not be retried, which was due at ${nextRetry}`];
  return joinEffects([{ ...none, notes: [...stays, ...retry] }, runningEffects('backupsession', session)]);
}

export function restoreSessionEffects(session: Stored<RestoreSession>, scene: DeleteScene): DeleteEffects {
  const { name, uid } = session.metadata;
  if (isFileSession(session)) {
    const message = `restoresession/${name}: a browse, cp or diff that still runs loses its claim and its pod`;
    return { ...none, notes: [message] };
  }
  const kept = scene.claims
    .filter(({ metadata }) => metadata.annotations?.[annotation.restoreSessionUid] === uid)
    .map(({ metadata }) => metadata.name);
  const stays = kept.length === 0 ? [] : [`restoresession/${name}: its claims stay: ${kept.join(', ')}`];
  return joinEffects([{ ...none, notes: stays }, runningEffects('restoresession', session)]);
}

/** `gone` are the names of all snapshots that the command deletes. */
export function snapshotEffects(gone: ReadonlySet<string>, scene: DeleteScene, now: Date): DeleteEffects {
  const points = restorePoints(scene.snapshots, scene.backupSessions);
  const named = scene.snapshots.filter(({ metadata }) => gone.has(metadata.name));
  return joinEffects([
    { ...none, notes: points.flatMap((point) => pointNotes(point, gone)) },
    { ...none, notes: named.map((snapshot) => dataNote(snapshot, scene)) },
    { ...none, unlessForced: [...kept(points, gone, now), ...lastComplete(points, gone)] },
    { ...none, refusals: beingRestored(gone, scene) },
  ]);
}

/** Returns the reasons to let a session end before the user deletes it. */
export function runningEffects(type: string, session: Session): DeleteEffects {
  if (isFinal(session)) return none;
  const { name, namespace = '', annotations } = session.metadata;
  const holder = readHolder(session);
  const by = holder === undefined ? '' : `, carried out by ${holder.id}`;
  const since = annotations?.[annotation.quiescedSince];
  const frozen =
    since === undefined || since === ''
      ? 'hooks that have run may leave the application quiesced'
      : `its hooks have quiesced the application since ${since}, and no executor will thaw it`;
  const error = new StashError('precondition', `${type}/${name} is still running${by}: ${frozen}`, {
    hint: `let it end:\n${commandLine`kubectl stash wait ${type}/${name} -n ${namespace}`}\nor add --force`,
  });
  return { ...none, unlessForced: [error] };
}

function pointNotes(point: RestorePoint, gone: ReadonlySet<string>): string[] {
  const hit = point.claims.filter(({ snapshot }) => snapshot && gone.has(snapshot.metadata.name));
  if (hit.length === 0) return [];
  const of = point.target ? ` of ${formatTarget(point.target)}` : '';
  const what = `restore point ${point.session}${of}`;
  const left = point.claims.filter(
    ({ snapshot, state }) => state === 'ready' && snapshot && !gone.has(snapshot.metadata.name),
  );
  if (left.length === 0) return [`${what} would be deleted`];
  const stays = left.map(({ claim }) => claim).join(', ');
  const goes = hit.map(({ claim }) => claim).join(', ');
  const becomes = point.completeness === 'complete' ? 'would be incomplete' : 'would lose more';
  return [
    `${what} ${becomes}: ${goes} ${hit.length === 1 ? 'goes' : 'go'}, ${stays} ${left.length === 1 ? 'stays' : 'stay'}`,
  ];
}

/** Returns one error for each restore point that is pinned, or kept until a later time. */
function kept(points: readonly RestorePoint[], gone: ReadonlySet<string>, now: Date): StashError[] {
  return points
    .filter((point) => namesOf(point).some((name) => gone.has(name)))
    .flatMap(({ session, namespace, keeping }) => {
      const why = whyKept(keeping, now);
      if (why === undefined) return [];
      return new StashError('precondition', `restore point ${session} is ${why}`, {
        hint: `take the mark off:\n${commandLine`kubectl stash unpin ${session} -n ${namespace}`}\nor add --force`,
      });
    });
}

/** Returns one error for each target that would lose its last complete restore point. */
function lastComplete(points: readonly RestorePoint[], gone: ReadonlySet<string>): StashError[] {
  const complete = points.filter((point) => isGood(point) && point.target);
  const byTarget = Map.groupBy(complete, ({ target }) => formatTarget(target ?? { kind: '', name: '' }));
  return [...byTarget].flatMap(([target, all]) => {
    const hit = all.filter((point) => namesOf(point).some((name) => gone.has(name)));
    const [newest] = hit;
    if (newest === undefined || hit.length < all.length) return [];
    const what =
      all.length === 1
        ? `restore point ${newest.session} is the last complete one of ${target}`
        : `restore points ${hit.map(({ session }) => session).join(', ')} are all the complete ones of ${target}`;
    return new StashError('precondition', what, {
      hint: `take another first:\n${commandLine`kubectl stash snapshot ${target} -n ${newest.namespace}`}\nor add --force`,
    });
  });
}

function beingRestored(gone: ReadonlySet<string>, scene: DeleteScene): StashError[] {
  const claims = scene.claims
    .filter(({ status }) => status?.phase !== 'Bound')
    .flatMap(({ metadata, spec }) => {
      const source = spec.dataSource ?? spec.dataSourceRef;
      if (source?.kind !== 'VolumeSnapshot' || !gone.has(source.name)) return [];
      return refuse(`claim ${metadata.name}`, source.name, {
        what: ['persistentvolumeclaim', metadata.name],
        namespace: metadata.namespace,
      });
    });
  const sessions = scene.restoreSessions.flatMap((session) => {
    const { name, namespace } = session.metadata;
    const source = snapshotsToRestore(session).find((each) => gone.has(each));
    if (source === undefined) return [];
    return refuse(`restoresession/${name}`, source, { what: ['restoresession', name], namespace });
  });
  return [...sessions, ...claims];
}

function refuse(
  who: string,
  snapshot: string,
  { what, namespace = '' }: { readonly what: readonly string[]; readonly namespace: string | undefined },
): StashError {
  return new StashError('precondition', `${who} is still being restored from volumesnapshot ${snapshot}`, {
    hint: commandLine`kubectl describe ${what} -n ${namespace}`,
  });
}

function dataNote({ metadata, spec, status }: Stored<VolumeSnapshot>, scene: DeleteScene): string {
  const what = `volumesnapshot/${metadata.name}`;
  const content = scene.contents.get(status?.boundVolumeSnapshotContentName ?? '');
  const named = scene.classes?.find((each) => each.metadata.name === spec.volumeSnapshotClassName);
  const policy = content?.spec.deletionPolicy ?? named?.deletionPolicy;
  if (policy === 'Delete') return `${what}: its data would be deleted (deletionPolicy Delete)`;
  if (policy === 'Retain') {
    const where = status?.boundVolumeSnapshotContentName;
    return `${what}: its data stays${where === undefined ? '' : ` in volumesnapshotcontent/${where}`} (deletionPolicy Retain)`;
  }
  return `${what}: cannot tell whether its data would be deleted: its class cannot be read`;
}

function namesOf(point: RestorePoint): string[] {
  return snapshotsOfPoint(point).map(({ metadata }) => metadata.name);
}
