/** Finds the snapshots that retention would delete after a session that is only a dry run. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { RetentionPolicy } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { invokerName, labelValue } from '#src/domain/workload/names.ts';
import { planRetention } from '#src/domain/retention/retention.ts';
import { hasRules, prunes, retentionProblem } from '#src/domain/retention/retention-rules.ts';

import type { BackupPlan } from './plan-backup.ts';

/** `made`: the snapshots that the session would take; `policy`: the command line's, beside the configuration's own. */
export async function dryRunRetention(
  cluster: Cluster,
  { target, configuration }: BackupPlan,
  made: readonly Stored<VolumeSnapshot>[],
  { now, policy }: { readonly now: Date; readonly policy: RetentionPolicy | undefined },
): Promise<Stored<VolumeSnapshot>[]> {
  const policies = [policy, configuration?.spec.retentionPolicy]
    .filter((one) => one !== undefined)
    .filter((one) => hasRules(one) && prunes(one) && retentionProblem(one) === undefined);
  if (policies.length === 0) return [];
  const { namespace } = target;
  const invoker = { name: configuration?.metadata.name ?? invokerName(target), namespace };
  const labelSelector = `${label.invokerName}=${labelValue(invoker.name)}`;
  const { items } = await cluster.list(volumeSnapshots, { namespace, labelSelector });
  const status = { readyToUse: true, creationTime: now.toISOString() };
  const all = [...items, ...made.map((snapshot) => ({ ...snapshot, status }))];
  const going = policies.flatMap((one) => planRetention(invoker, all, one).go);
  return [...new Set(going.map(({ snapshot }) => snapshot))];
}
