/** Follows a BackupSession. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { observe } from '#src/cluster/observe.ts';
import { backupProgress } from '#src/domain/backup/backup-progress.ts';
import { snapshotName, snapshotterJobName } from '#src/domain/workload/names.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { snapshotProgress } from '#src/domain/backup/snapshot-progress.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { isTargetKind, readTarget, type Target } from '#src/domain/workload/target.ts';

import { follow, type Followed, type FollowEnvironment, type FollowOptions } from './follow.ts';

export function followBackup(
  environment: FollowEnvironment,
  session: { readonly name: string; readonly namespace: string },
  options: FollowOptions,
): Promise<Followed> {
  const { name, namespace } = session;
  return follow(
    environment,
    {
      resource: backupSessions,
      name,
      namespace,
      jobName: snapshotterJobName(name),
      watch: (signal, ring) => {
        const made = observe(environment.cluster, volumeSnapshots, { namespace }, signal, ring);
        return {
          made,
          progress: (session, notes) =>
            backupProgress({
              session,
              target: readTarget(session) ?? targetOfStatus(session),
              claims: claimsOf(session, [...made.items.values()]),
              timeoutMs: options.timeoutMs,
              notes,
            }),
        };
      },
    },
    options,
  );
}

/** By annotation where the snapshots are ours; by name where AppsCode's operator made them. */
function claimsOf(
  session: Stored<BackupSession>,
  snapshots: readonly Stored<VolumeSnapshot>[],
): ClaimProgress[] {
  const stats = (session.status?.targets ?? []).flatMap((target) => target.stats ?? []);
  const mine = new Map(
    snapshots.flatMap((snapshot) => {
      const claim = snapshot.spec.source.persistentVolumeClaimName;
      return claim !== undefined && isOfSession(snapshot, claim, session) ? [[claim, snapshot] as const] : [];
    }),
  );
  const told = stats.flatMap(({ hostname }) => hostname ?? []);
  const names = readSessionClaims(session.metadata.annotations) ?? [...new Set([...told, ...mine.keys()])];
  return names.map((claim) => {
    const error = stats.find(({ hostname, phase }) => hostname === claim && phase === 'Failed')?.error;
    const row = snapshotProgress(claim, mine.get(claim));
    return error !== undefined && row.phase !== 'Succeeded'
      ? { ...row, phase: 'Failed', message: error }
      : row;
  });
}

function isOfSession(
  snapshot: Stored<VolumeSnapshot>,
  claim: string,
  session: Stored<BackupSession>,
): boolean {
  const { name, uid, creationTimestamp } = session.metadata;
  const owner = snapshot.metadata.annotations?.[annotation.sessionUid];
  if (owner !== undefined) return owner === uid;
  const suffix = name.slice(name.lastIndexOf('-') + 1);
  return [`${claim}-${suffix}`, snapshotName(claim, creationTimestamp)].includes(snapshot.metadata.name);
}

/** AppsCode's operator names the target in the status. */
function targetOfStatus({ metadata, status }: Stored<BackupSession>): Target | undefined {
  const { kind, name } = status?.targets?.[0]?.ref ?? {};
  return isTargetKind(kind) && name !== undefined
    ? { kind, name, namespace: metadata.namespace ?? '' }
    : undefined;
}
