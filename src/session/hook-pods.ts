/** In which pods a target's hooks are run. */
import type { Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { podsUsing } from '#src/domain/restore/claims-in-the-way.ts';
import { formatSelector } from '#src/domain/target/selector.ts';
import { formatTarget, targetTypes, type Target } from '#src/domain/target/target.ts';
import { isStashError } from '#src/errors.ts';

export interface HookPods {
  readonly pods: readonly Stored<Pod>[];
  /** Why there is none; `wanted`: there should be. */
  readonly none?: { readonly why: string; readonly wanted: boolean };
}

/** All that run now, those that are being stopped included: they may be quiesced. */
export async function findHookPods(cluster: Cluster, target: Target): Promise<HookPods> {
  const { namespace } = target;
  const of = formatTarget(target);
  if (target.kind === 'PersistentVolumeClaim') {
    const { items } = await cluster.list(pods, { namespace });
    const using = podsUsing(target.name, items);
    const users = items.filter((pod) => isRunning(pod) && using.includes(pod.metadata.name));
    return users.length > 0
      ? { pods: users }
      : { pods: [], none: { why: `no pod that runs uses ${of}`, wanted: false } };
  }
  const resource = targetTypes[target.kind].resource as Resource<Workload>;
  let workload: Stored<Workload>;
  try {
    workload = await cluster.get(resource, target.name, namespace);
  } catch (error) {
    if (!isStashError(error, 'not-found')) throw error;
    return { pods: [], none: { why: `${of} does not exist`, wanted: false } };
  }
  const labelSelector = formatSelector(workload.spec.selector);
  const { items } = await cluster.list(pods, { namespace, labelSelector });
  const running = items.filter(isRunning);
  if (running.length > 0) return { pods: running };
  return wantedPods(target, workload) === 0
    ? { pods: [], none: { why: `${of} is scaled to 0`, wanted: false } }
    : { pods: [], none: { why: `no pod of ${of} is running`, wanted: true } };
}

function wantedPods({ kind }: Target, { spec, status }: Workload): number {
  const wanted = kind === 'DaemonSet' ? status?.['desiredNumberScheduled'] : (spec.replicas ?? 1);
  return typeof wanted === 'number' ? wanted : 1;
}

function isRunning({ status }: Pod): boolean {
  return status?.phase === 'Running';
}
