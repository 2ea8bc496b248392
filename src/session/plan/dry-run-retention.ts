/** Finds the snapshots that retention would delete after the session of a dry run. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { RetentionPolicy } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { invokerName, labelValue } from '#src/domain/workload/names.ts';
import { retentionAfterSession } from '#src/domain/retention/after-session.ts';

import type { BackupPlan } from './plan-backup.ts';

/** `made` are the snapshots that the session would take. `policy` is the policy of the command line. */
export async function dryRunRetention(
  cluster: Cluster,
  { target, configuration }: BackupPlan,
  made: readonly Stored<VolumeSnapshot>[],
  { now, policy }: { readonly now: Date; readonly policy: RetentionPolicy },
): Promise<Stored<VolumeSnapshot>[]> {
  const { namespace } = target;
  const invoker = { name: configuration?.metadata.name ?? invokerName(target), namespace };
  const labelSelector = `${label.invokerName}=${labelValue(invoker.name)}`;
  const [{ items }, sessions] = await Promise.all([
    cluster.list(volumeSnapshots, { namespace, labelSelector }),
    cluster.list(restoreSessions, { namespace }),
  ]);
  const after = { invoker, snapshots: items, made, restoreSessions: sessions.items, policy, at: now };
  return retentionAfterSession({ ...after, line: 'user' }).go.map(({ snapshot }) => snapshot);
}
