/**
 * Runs the pods of ReplicaSets and ReplicationControllers, and one pod per DaemonSet, since there is one
 * node.
 */
import type { Pod, PodTemplate, Stored, Workload } from '#src/api/kubernetes.ts';
import { daemonSets } from '#src/api/resources.ts';

import type { Mirror } from './mirror.ts';
import { burst, createPod, deletePod, enqueueOwner, isActive, isReady, ownedPods } from './owned-pods.ts';
import type { Controller, World } from './world.ts';
import { setStatus } from './writes.ts';

export function replicaSetController(world: World, mirror: Mirror<Workload>): Controller {
  const { resource } = mirror;

  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const owner = mirror.get(name, namespace);
    if (!owner || owner.metadata.deletionTimestamp !== undefined) return;
    const isDaemon = resource === daemonSets;
    const wanted = isDaemon ? 1 : (owner.spec.replicas ?? 1);
    const active = ownedPods(world, owner).filter(isActive);
    const template = isDaemon ? withTolerations(owner.spec.template) : owner.spec.template;
    // The pods created here ask for the next ones.
    for (let count = active.length; count < Math.min(wanted, active.length + burst); count++) {
      await createPod(world, resource, owner, template, { generateName: `${name}-` });
    }
    for (const pod of active.sort(leastNeededFirst).slice(0, Math.max(0, active.length - wanted))) {
      await deletePod(world, resource, owner, pod);
    }
    const kept = ownedPods(world, owner).filter(isActive);
    const ready = kept.filter(isReady).length;
    const counts = isDaemon
      ? {
          desiredNumberScheduled: 1,
          currentNumberScheduled: kept.length,
          numberMisscheduled: 0,
          numberReady: ready,
          numberAvailable: ready,
          updatedNumberScheduled: kept.length,
        }
      : { replicas: kept.length, readyReplicas: ready, availableReplicas: ready };
    const observedGeneration = owner.metadata.generation ?? 0;
    await setStatus(world.cluster, mirror, owner, { ...counts, observedGeneration });
  }

  return {
    mirror,
    reconcile,
    triggers(enqueue) {
      world.pods.onChange(enqueueOwner(resource.kind, enqueue));
    },
  };
}

/** Taints that the pods of a DaemonSet tolerate, and their effects. */
const toleratedTaints = {
  'not-ready': 'NoExecute',
  unreachable: 'NoExecute',
  'disk-pressure': 'NoSchedule',
  'memory-pressure': 'NoSchedule',
  'pid-pressure': 'NoSchedule',
  unschedulable: 'NoSchedule',
};

function withTolerations({ spec, ...template }: PodTemplate): PodTemplate {
  const ours = Object.entries(toleratedTaints).map(([flaw, effect]) => ({
    key: `node.kubernetes.io/${flaw}`,
    operator: 'Exists',
    effect,
  }));
  return { ...template, spec: { ...spec, tolerations: [...(spec.tolerations ?? []), ...ours] } };
}

/** Sorts the pods to delete first: unscheduled, then not ready, then youngest. */
function leastNeededFirst(a: Stored<Pod>, b: Stored<Pod>): number {
  const rank = (pod: Stored<Pod>): number => (pod.spec.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1);
  return (
    rank(a) - rank(b) ||
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
    a.metadata.name.localeCompare(b.metadata.name)
  );
}
