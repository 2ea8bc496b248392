/** Finds the snapshots that retention would delete after a session that is only a dry run. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { RetentionPolicy } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { invokerName, labelValue } from '#src/domain/workload/names.ts';
import { namesInUse } from '#src/domain/restore-points/snapshots-to-restore.ts';
import { planRetention } from '#src/domain/retention/retention.ts';

import type { BackupPlan } from './plan-backup.ts';

/** `made`: the snapshots that the session would take; `policy`: the command line's. */
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
  const inUse = namesInUse(items, sessions.items);
  const status = { readyToUse: true, creationTime: now.toISOString() };
  const all = [...items, ...made.map((snapshot) => ({ ...snapshot, status }))];
  return planRetention(invoker, all, policy, { line: 'user', now, inUse }).go.map(({ snapshot }) => snapshot);
}
