/**
 * Finds the newest good restore points among snapshots that come one by one, in any order, without keeping them all: of
 * each workload, only the snapshots of its newest sessions.
 */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';

import {
  compareNewestFirst,
  isGood,
  restorePoints,
  snapshotsOfPoint,
  type PointIdentity,
  type RestorePoint,
} from './restore-points.ts';
import { snapshotTakenAt } from './snapshot-taken-at.ts';
import { readSessionClaims } from './source-claim.ts';
import { trimSnapshot } from './trim-snapshot.ts';

export interface NewestPointsOptions {
  /** The sessions that still exist, by UID. */
  readonly sessions: ReadonlyMap<string, Stored<BackupSession>>;
  /** What the newest good point is asked of: the claim of the snapshot, say. Empty: nothing is asked of this one. */
  readonly keysOf: (snapshot: Stored<VolumeSnapshot>) => readonly string[];
  /** For how many sessions of a workload the reader keeps snapshots. */
  readonly depth: number;
  /** What an earlier reading has left open; left out: everything. */
  readonly open?: Open | undefined;
}

/** The newest good restore point of a key. */
export interface NewestPoint extends PointIdentity {
  /** Of the snapshot that has the key; left out if the driver's default was taken. */
  readonly snapshotClass?: string;
}

export interface Open {
  readonly keys: ReadonlySet<string>;
  /** What has been found so far, of all keys. */
  readonly points: ReadonlyMap<string, NewestPoint>;
  readonly foreign: ReadonlySet<string>;
  /** The workloads whose snapshots have to be read again. */
  readonly lines: ReadonlySet<string>;
}

export interface NewestPoints {
  readonly add: (snapshot: Stored<VolumeSnapshot>) => void;
  /**
   * Judges the sessions whose snapshots have all come, and shrinks what it keeps of the others. The caller calls it after
   * every few dozen snapshots.
   */
  readonly settle: () => void;
  readonly end: () => {
    /** By key. */
    readonly points: ReadonlyMap<string, NewestPoint>;
    /** Keys of ready snapshots that another tool made: of these, nothing tells whether a restore point is complete. */
    readonly foreign: ReadonlySet<string>;
    /** The keys whose newest good point may be older than what was kept; undefined if there is none. */
    readonly open: Open | undefined;
  };
}

/** The snapshots of one session and target. */
interface Candidate {
  /** UID of the session. */
  readonly uid: string;
  readonly line: Line;
  readonly session: Stored<BackupSession> | undefined;
  /** Snapshots that came since the last call of `settle`. */
  fresh: Stored<VolumeSnapshot>[];
  /** The earlier snapshots, each as JSON, which takes a fraction of the memory of objects. */
  texts: string[];
  /** The keys of all of them; a key may be there twice. */
  keys: string[];
  /** Milliseconds; the restore point was taken then, or before. */
  latest: number;
  /** Set once the snapshots of all its claims have come: its good points, or none if the workload has newer ones of all its keys. */
  found?: readonly Found[];
}

interface Found {
  readonly key: string;
  readonly point: NewestPoint;
}

/** One workload and configuration. */
interface Line {
  readonly namespace: string;
  /** The value of the annotation. */
  readonly target: string;
  readonly candidates: Candidate[];
  /** The reader dropped no snapshot that was taken later. */
  droppedUntil: number;
  /** The keys of the dropped snapshots. */
  readonly dropped: Set<string>;
}

export function newestPoints({ sessions, keysOf, depth, open }: NewestPointsOptions): NewestPoints {
  const lines = new Map<string, Line>();
  /** By the UID of the session, one for each of its targets. */
  const candidates = new Map<string, Candidate[]>();
  const foreign = new Set(open?.foreign);
  /** Candidates that have got snapshots since the last call of `settle`. */
  let touched = new Set<Candidate>();

  const askedOf = (snapshot: Stored<VolumeSnapshot>): readonly string[] => {
    const keys = keysOf(snapshot);
    return open ? keys.filter((key) => open.keys.has(key)) : keys;
  };
  const drop = (line: Line, keys: readonly string[], latest: number) => {
    for (const key of keys) line.dropped.add(key);
    line.droppedUntil = Math.max(line.droppedUntil, latest);
  };
  const leave = (candidate: Candidate) => {
    const { line } = candidate;
    line.candidates.splice(line.candidates.indexOf(candidate), 1);
    touched.delete(candidate);
    drop(line, candidate.keys, candidate.latest);
  };
  const forget = (candidate: Candidate) => {
    const others = candidates.get(candidate.uid)?.filter((each) => each !== candidate) ?? [];
    if (others.length > 0) candidates.set(candidate.uid, others);
    else candidates.delete(candidate.uid);
    leave(candidate);
  };
  const keep = (candidate: Candidate, snapshot: Stored<VolumeSnapshot>, keys: readonly string[]) => {
    candidate.latest = latestOf(candidate, snapshot);
    candidate.keys.push(...keys);
    if (candidate.found) {
      // For example a copy. Only all snapshots of the session tell what it is: the next reading keeps them.
      if (candidate.line.candidates.includes(candidate)) leave(candidate);
      else drop(candidate.line, keys, candidate.latest);
      return;
    }
    candidate.fresh.push(snapshot);
    touched.add(candidate);
  };
  const foundOf = (candidate: Candidate): readonly Found[] =>
    goodPoints(candidate).flatMap((point) => {
      // Snapshots of one class share one object: there may be thousands of points.
      const byClass = new Map<string | undefined, NewestPoint>();
      return snapshotsOfPoint(point).flatMap((snapshot) => {
        const { volumeSnapshotClassName } = snapshot.spec;
        const newest = byClass.get(volumeSnapshotClassName) ?? newestPoint(point, snapshot);
        byClass.set(volumeSnapshotClassName, newest);
        return askedOf(snapshot).map((key) => ({ key, point: newest }));
      });
    });
  /** Whether its workload has a newer good point of each of its keys. */
  const isCovered = ({ line, keys, latest }: Candidate): boolean => {
    const newer = line.candidates
      .flatMap(({ found = [] }) => found)
      .filter(({ point }) => takenAt(point) > latest);
    const covered = new Set(newer.map(({ key }) => key));
    return keys.every((key) => covered.has(key));
  };

  return {
    add(snapshot) {
      const { annotations = {}, labels = {}, namespace = '' } = snapshot.metadata;
      const keys = askedOf(snapshot);
      const uid = annotations[annotation.sessionUid];
      const target = annotations[annotation.target];
      // Only a session's own list of its claims tells that a restore point is complete.
      if (uid === undefined || target === undefined || annotations[annotation.sessionClaims] === undefined) {
        if (isReady(snapshot)) for (const key of keys) foreign.add(key);
        return;
      }
      const ofSession = candidates.get(uid);
      const known = ofSession?.find(({ line }) => line.target === target && line.namespace === namespace);
      if (known) {
        keep(known, snapshot, keys);
        return;
      }
      const lineId = `${namespace}/${target}/${labels[label.invokerName] ?? ''}`;
      if (open?.lines.has(lineId) === false) return;
      let line = lines.get(lineId);
      if (!line)
        lines.set(
          lineId,
          (line = { namespace, target, candidates: [], droppedUntil: -Infinity, dropped: new Set() }),
        );
      const session = sessions.get(uid);
      const latest = latestOf({ session, latest: -Infinity }, snapshot);
      if (line.candidates.length === depth) {
        const oldest = line.candidates.reduce((a, b) => (b.latest < a.latest ? b : a));
        if (latest < oldest.latest) {
          drop(line, keys, latest);
          return;
        }
        forget(oldest);
      }
      const candidate: Candidate = { uid, line, session, fresh: [], texts: [], keys: [], latest };
      if (ofSession) ofSession.push(candidate);
      else candidates.set(uid, [candidate]);
      line.candidates.push(candidate);
      keep(candidate, snapshot, keys);
    },
    settle() {
      // A further reading is for sessions whose snapshots did not come together in the first one.
      const whole = open === undefined ? [...touched].filter(isWhole) : [];
      // Newest first: then the older ones need no judgement.
      for (const candidate of whole.sort((a, b) => b.latest - a.latest)) {
        touched.delete(candidate);
        candidate.found = isCovered(candidate) ? [] : foundOf(candidate);
        candidate.fresh = candidate.texts = [];
        candidate.keys = [...candidate.keys];
        for (const other of candidate.line.candidates) if (other.found && isCovered(other)) other.found = [];
      }
      for (const candidate of touched) {
        candidate.texts.push(...candidate.fresh.map((each) => JSON.stringify(trimSnapshot(each))));
        candidate.fresh = [];
      }
      touched = new Set();
    },
    end() {
      const points = new Map(open?.points);
      for (const line of lines.values()) {
        for (const candidate of line.candidates.toSorted((a, b) => b.latest - a.latest)) {
          // Nothing of this candidate is newer than what is already known.
          if (candidate.keys.every((key) => takenAt(points.get(key)) > candidate.latest)) continue;
          for (const { key, point } of candidate.found ?? foundOf(candidate)) {
            // A dropped snapshot may be newer.
            if (takenAt(point) <= line.droppedUntil) continue;
            const before = points.get(key);
            if (!before || compareNewestFirst(point, before) < 0) points.set(key, point);
          }
        }
      }
      const keys = new Set<string>();
      const left = new Set<string>();
      for (const [id, { dropped, droppedUntil, candidates: kept }] of lines) {
        if (droppedUntil === -Infinity) continue;
        // The reader may have dropped other snapshots of a session that it keeps.
        for (const key of [dropped, ...kept.map((each) => each.keys)].flatMap((each) => [...each])) {
          if (takenAt(points.get(key)) > droppedUntil) continue;
          keys.add(key);
          left.add(id);
        }
      }
      return { points, foreign, open: keys.size === 0 ? undefined : { keys, points, foreign, lines: left } };
    },
  };
}

/** A fraction of the restore point. */
export function newestPoint(point: RestorePoint, { spec }: Stored<VolumeSnapshot>): NewestPoint {
  const { namespace, session, sessionUid, target, takenAt, completeness } = point;
  const { volumeSnapshotClassName: snapshotClass } = spec;
  return {
    ...{ namespace, session, takenAt, completeness },
    ...(sessionUid !== undefined && { sessionUid }),
    ...(target && { target }),
    ...(snapshotClass !== undefined && { snapshotClass }),
  };
}

function isReady({ metadata, status }: VolumeSnapshot): boolean {
  return status?.readyToUse === true && metadata.deletionTimestamp === undefined;
}

/** Whether as many snapshots have come as its session lists claims. */
function isWhole({ fresh, texts }: Candidate): boolean {
  const claims = readSessionClaims(fresh[0]?.metadata.annotations);
  return claims !== undefined && fresh.length + texts.length >= claims.length;
}

function goodPoints({ fresh, texts, session }: Candidate): RestorePoint[] {
  const snapshots = [...texts.map((json) => JSON.parse(json) as Stored<VolumeSnapshot>), ...fresh];
  return restorePoints(snapshots, session ? [session] : []).filter(isGood);
}

function takenAt(point: PointIdentity | undefined): number {
  return point?.takenAt.getTime() ?? -Infinity;
}

function latestOf(
  { session, latest }: Pick<Candidate, 'session' | 'latest'>,
  snapshot: Stored<VolumeSnapshot>,
): number {
  if (session) return Date.parse(session.metadata.creationTimestamp);
  return Math.max(latest, snapshotTakenAt(snapshot).getTime());
}
