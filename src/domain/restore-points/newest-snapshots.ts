/**
 * Of snapshots that come one by one, in any order, keeps those of the newest sessions of each workload, and all that are
 * not ready or being deleted: the memory of what is kept does not grow with the number of good ones.
 */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { readTarget } from '#src/domain/workload/target.ts';

import { isGood, restorePoints, snapshotsOfPoint, type RestorePoint } from './restore-points.ts';
import { claimOf } from './snapshot-groups.ts';
import { snapshotTakenAt } from './snapshot-taken-at.ts';

export interface NewestSnapshotsOptions {
  /** The sessions that still exist. */
  readonly sessions: readonly Stored<BackupSession>[];
  /** For how many sessions the reader keeps snapshots, of a workload that an earlier reading has left open. */
  readonly depth: number;
  /** Empty in the first reading. Of other workloads, the newest session is kept. */
  readonly open: ReadonlySet<string>;
}

export interface NewestSnapshots {
  readonly add: (snapshot: Stored<VolumeSnapshot>) => void;
  readonly end: () => {
    readonly snapshots: Stored<VolumeSnapshot>[];
    /** Whether every snapshot of the point is among them, if any is. */
    readonly isWhole: (point: RestorePoint) => boolean;
    /** For the next reading; undefined: of each workload, a good point that is kept is newer than all that was dropped. */
    readonly open: ReadonlySet<string> | undefined;
  };
}

/** The snapshots of one session. */
interface Candidate {
  readonly id: string;
  readonly session: Stored<BackupSession> | undefined;
  readonly snapshots: Stored<VolumeSnapshot>[];
  /** Milliseconds; the restore point was taken then, or before. */
  latest: number;
}

/** One workload, or one claim of which another tool takes snapshots. */
interface Line {
  readonly depth: number;
  candidates: Candidate[];
  /** Milliseconds; nothing that was dropped was taken later. */
  droppedUntil: number;
}

export function newestSnapshots({ sessions, depth, open }: NewestSnapshotsOptions): NewestSnapshots {
  const byUid = new Map(sessions.map((session) => [session.metadata.uid, session]));
  const lines = new Map<string, Line>();
  const amiss: Stored<VolumeSnapshot>[] = [];

  const candidateOf = (line: Line, id: string, snapshot: Stored<VolumeSnapshot>): Candidate | undefined => {
    const known = line.candidates.find((each) => each.id === id);
    if (known) return known;
    const candidate = { id, session: byUid.get(id), snapshots: [], latest: -Infinity };
    const latest = latestOf(candidate, snapshot);
    if (line.candidates.length === line.depth) {
      const oldest = line.candidates.reduce((a, b) => (b.latest < a.latest ? b : a));
      line.droppedUntil = Math.max(line.droppedUntil, Math.min(latest, oldest.latest));
      if (latest < oldest.latest) return undefined;
      line.candidates = line.candidates.filter((each) => each !== oldest);
    }
    line.candidates.push(candidate);
    return candidate;
  };

  return {
    add(snapshot) {
      if (isAmiss(snapshot)) {
        amiss.push(snapshot);
        return;
      }
      const key = lineOf(snapshot);
      const line = lines.get(key) ?? {
        ...{ depth: open.has(key) ? depth : 1, candidates: [], droppedUntil: -Infinity },
      };
      lines.set(key, line);
      const { uid, annotations } = snapshot.metadata;
      const candidate = candidateOf(line, annotations?.[annotation.sessionUid] ?? uid, snapshot);
      if (candidate === undefined) return;
      candidate.snapshots.push(snapshot);
      candidate.latest = latestOf(candidate, snapshot);
    },
    end() {
      const kept = [...lines.values()].flatMap(({ candidates }) => candidates);
      const snapshots = [...amiss, ...kept.flatMap((candidate) => candidate.snapshots)];
      const isWhole = (point: RestorePoint) =>
        linesOf(point).every((key) => point.takenAt.getTime() > (lines.get(key)?.droppedUntil ?? -Infinity));
      const good = new Set(
        restorePoints(snapshots, sessions)
          .filter((point) => isGood(point) && isWhole(point))
          .flatMap(linesOf),
      );
      const left = [...lines].filter(
        ([key, { droppedUntil }]) => key.startsWith(own) && droppedUntil !== -Infinity && !good.has(key),
      );
      const next = left.length === 0 ? undefined : new Set([...open, ...left.map(([key]) => key)]);
      return { snapshots, isWhole, open: next };
    },
  };
}

function isAmiss({ metadata, status }: Stored<VolumeSnapshot>): boolean {
  return status?.readyToUse !== true || metadata.deletionTimestamp !== undefined;
}

const own = 'own/';

function lineOf(snapshot: Stored<VolumeSnapshot>): string {
  const { namespace = '', annotations } = snapshot.metadata;
  const target = annotations?.[annotation.sessionUid] === undefined ? undefined : readTarget(snapshot);
  return target === undefined ? `foreign/${namespace}/${claimOf(snapshot)}` : ownLine({ namespace, target });
}

function ownLine({ namespace, target }: Pick<RestorePoint, 'namespace' | 'target'>): string {
  return `${own}${namespace}/${target?.kind ?? ''}/${target?.name ?? ''}`;
}

/** The lines that snapshots of the restore point may be in. */
function linesOf(point: RestorePoint): string[] {
  return [ownLine(point), ...new Set(snapshotsOfPoint(point).map(lineOf))];
}

function latestOf({ session, latest }: Candidate, snapshot: Stored<VolumeSnapshot>): number {
  if (session) return Date.parse(session.metadata.creationTimestamp);
  return Math.max(latest, snapshotTakenAt(snapshot).getTime());
}
