/** Computes which snapshots a retention policy would keep and delete after a session that has not run. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { RestoreSession, RetentionPolicy } from '#src/api/stash.ts';
import { namesInUse } from '#src/domain/restore-points/snapshots-to-restore.ts';

import { planRetention, type Invoker, type Line, type RetentionPlan } from './retention.ts';

export interface AfterSession {
  readonly invoker: Invoker;
  /** The existing snapshots. */
  readonly snapshots: readonly Stored<VolumeSnapshot>[];
  /** The snapshots that the session would take. */
  readonly made: readonly Stored<VolumeSnapshot>[];
  /** All RestoreSessions of the namespace. */
  readonly restoreSessions: readonly Stored<RestoreSession>[];
  readonly policy: RetentionPolicy;
  readonly line: Line;
  /** When the session would end. */
  readonly at: Date;
}

export function retentionAfterSession(after: AfterSession): RetentionPlan {
  const { invoker, snapshots, made, restoreSessions, policy, line, at } = after;
  const status = { readyToUse: true, creationTime: at.toISOString() };
  const all = [...snapshots, ...made.map((snapshot) => ({ ...snapshot, status }))];
  const inUse = namesInUse(snapshots, restoreSessions);
  return planRetention(invoker, all, policy, { line, now: at, inUse });
}
