/** Computes which snapshots the retention policy of a schedule deletes after its next session. */
import type { PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, RestoreSession } from '#src/api/stash.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { retentionAfterSession } from '#src/domain/retention/after-session.ts';
import type { RetentionPlan } from '#src/domain/retention/retention.ts';

import { buildBackupSession, buildSnapshot } from './build-backup.ts';

export interface NextRun {
  readonly configuration: Stored<BackupConfiguration>;
  readonly target: Target;
  /** The claims of the target. */
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  /** All snapshots of the namespace; `restoreSessions` likewise. */
  readonly snapshots: readonly Stored<VolumeSnapshot>[];
  readonly restoreSessions: readonly Stored<RestoreSession>[];
  /** When the next session is due. */
  readonly at: Date;
}

/** `stay` of the plan includes the snapshots that the next session takes. */
export function retentionAtNextRun(next: NextRun): RetentionPlan {
  const { configuration, target, claims, snapshots, restoreSessions, at } = next;
  const sessionClaims = claims.map(({ metadata }) => metadata.name);
  const stored = { uid: '', resourceVersion: '', creationTimestamp: at.toISOString() };
  const built = buildBackupSession({
    ...{ configuration, target, claims: sessionClaims, at, maker: { by: 'schedule' } },
  });
  const session = { ...built, metadata: { ...built.metadata, ...stored } };
  const made = claims.map((claim) => {
    const snapshot = buildSnapshot({ session, target, planned: { claim }, sessionClaims, nameTaken: false });
    return { ...snapshot, metadata: { ...snapshot.metadata, ...stored } };
  });
  const invoker = { name: configuration.metadata.name, namespace: target.namespace };
  const policy = configuration.spec.retentionPolicy;
  return retentionAfterSession({
    ...{ invoker, snapshots, made, restoreSessions, policy, line: 'schedule', at },
  });
}
