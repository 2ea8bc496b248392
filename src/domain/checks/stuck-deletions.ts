/** Snapshots whose deletion does not end, and which finalizer holds them. */
import type { PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, volumeSnapshots } from '#src/api/resources.ts';
import { protection } from '#src/api/snapshot-controller.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { formatAge } from '#src/domain/duration.ts';
import type { Finding } from '#src/domain/finding.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';

import { whereRead, type CheckOfNamespace } from './check.ts';
import { fewOf } from './few.ts';
import { snapshotsExamined } from './snapshots-examined.ts';

const stuckAfterMs = 3_600_000;

export const stuckDeletions: CheckOfNamespace = {
  name: 'stuck-deletions',
  of: 'namespace',
  about: 'No deletion of a snapshot takes longer than an hour. The message says what holds the snapshot.',
  lists: [volumeSnapshots, persistentVolumeClaims],
  after: ['snapshot-api', 'snapshot-controller'],
  find: (facts) =>
    whereRead(facts.listed(volumeSnapshots), (all) => {
      const read = facts.listed(persistentVolumeClaims);
      const claims = 'value' in read ? read.value : [];
      const told = snapshotsExamined(facts, all).flatMap((snapshot) => {
        const { deletionTimestamp } = snapshot.metadata;
        const ms = facts.now.getTime() - Date.parse(deletionTimestamp ?? '');
        return ms > stuckAfterMs ? [tell(snapshot, ms, claims)] : [];
      });
      return fewOf(told, (rest) => `${rest} more volumesnapshots are still being deleted`);
    }),
};

function tell(
  snapshot: Stored<VolumeSnapshot>,
  ms: number,
  claims: readonly Stored<PersistentVolumeClaim>[],
): Finding {
  const { name, namespace = '' } = snapshot.metadata;
  return {
    level: 'warn',
    message: `the deletion of volumesnapshot ${name} has not ended after ${formatAge(ms)}: ${whyHeld(snapshot, claims)}`,
    hint: commandLine`kubectl describe volumesnapshot ${name} -n ${namespace}`,
  };
}

function whyHeld(
  { metadata: { name, namespace, finalizers = [] } }: Stored<VolumeSnapshot>,
  claims: readonly Stored<PersistentVolumeClaim>[],
): string {
  const filling = claims.find(
    ({ spec, status }) =>
      status?.phase === 'Pending' &&
      [spec.dataSourceRef, spec.dataSource].some(
        (source) =>
          source?.apiGroup === volumeSnapshots.group &&
          source.kind === volumeSnapshots.kind &&
          source.name === name &&
          (source.namespace ?? namespace) === namespace,
      ),
  );
  if (filling) return `claim ${filling.metadata.name} is still being restored from it`;
  if (finalizers.includes(protection.group)) return 'a volume group snapshot has it: delete that one';
  const known: readonly string[] = Object.values(protection);
  const foreign = finalizers.filter((finalizer) => !known.includes(finalizer));
  if (foreign.length > 0) return `finalizer ${inWords(foreign)}: its owner must remove it`;
  return 'its content is not deleted: the csi-snapshotter of its driver is gone, or the driver refuses';
}
