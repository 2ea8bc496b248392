/** Computes the progress of each claim of a BackupSession that another executor carries out. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { snapshotName } from '#src/domain/workload/names.ts';

import { snapshotProgress } from './snapshot-progress.ts';

/**
 * `snapshots` are all of the namespace. AppsCode's operator sets no annotations, so its snapshots are found by name.
 */
export function followedClaims(
  session: Stored<BackupSession>,
  snapshots: readonly Stored<VolumeSnapshot>[],
): ClaimProgress[] {
  const stats = (session.status?.targets ?? []).flatMap((target) => target.stats ?? []);
  const own = new Map(
    snapshots.flatMap((snapshot) => {
      const claim = snapshot.spec.source.persistentVolumeClaimName;
      return claim !== undefined && isOfSession(snapshot, claim, session) ? [[claim, snapshot] as const] : [];
    }),
  );
  const listed = stats.flatMap(({ hostname }) => hostname ?? []);
  const names = readSessionClaims(session.metadata.annotations) ?? [...new Set([...listed, ...own.keys()])];
  return names.map((claim) => {
    const error = stats.find(({ hostname, phase }) => hostname === claim && phase === 'Failed')?.error;
    const snapshot = own.get(claim);
    const seen = snapshotProgress(claim, snapshot);
    const isGone = snapshot === undefined && isFinal(session);
    const row = isGone ? { ...seen, message: 'its snapshot does not exist' } : seen;
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
