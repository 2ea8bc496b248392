/**
 * Rolls out Deployments: one ReplicaSet per pod template; older ones are scaled down once the newest is
 * ready.
 */
import type { Condition, LabelSelector, Stored, Workload } from '#src/api/kubernetes.ts';
import { apiVersionOf, deployments, replicaSets } from '#src/api/resources.ts';

import { enqueueOwner, ownedPods, templateHash, withCondition, withLabel } from './owned-pods.ts';
import type { Controller, World } from './world.ts';
import { controllerReference, ensure, isControlledBy, patchSeen, setStatus } from './writes.ts';

type Set = Stored<Workload>;

const hashLabel = 'pod-template-hash';

export function deploymentController(world: World): Controller {
  const { cluster } = world;

  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const deployment = world.deployments.get(name, namespace);
    if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return;
    const hash = templateHash(deployment.spec.template);
    const owned = world.replicaSets.list(namespace).filter((set) => isControlledBy(set, deployment));
    const isCurrent = ({ metadata }: Set): boolean => metadata.labels?.[hashLabel] === hash;
    if (deployment.spec.paused === true) {
      await scalePaused(deployment, owned, owned.find(isCurrent));
    } else {
      const current = owned.find(isCurrent) ?? (await createSet(deployment, hash));
      await roll(
        deployment,
        current,
        owned.filter((set) => !isCurrent(set)),
      );
    }
    const sets = world.replicaSets.list(namespace).filter((set) => isControlledBy(set, deployment));
    await setStatus(
      cluster,
      world.deployments,
      deployment,
      statusOf(deployment, sets, isCurrent, world.now()),
    );
  }

  async function createSet(deployment: Stored<Workload>, hash: string): Promise<Set> {
    const { name, namespace } = deployment.metadata;
    const template = withLabel(deployment.spec.template, hashLabel, hash);
    const selector = deployment.spec.selector as LabelSelector | undefined;
    return ensure(cluster, world.replicaSets, {
      apiVersion: apiVersionOf(replicaSets),
      kind: replicaSets.kind,
      metadata: {
        name: `${name}-${hash}`,
        ...(namespace !== undefined && { namespace }),
        ...(template.metadata?.labels && { labels: template.metadata.labels }),
        ownerReferences: [controllerReference(deployments, deployment)],
      },
      spec: {
        replicas: 0,
        selector: { ...selector, matchLabels: { ...selector?.matchLabels, [hashLabel]: hash } },
        template,
      },
    });
  }

  /**
   * Scales up the newest ReplicaSet at once, without regard to maxSurge. With `Recreate`, only after the last
   * old pod is gone.
   */
  async function roll(deployment: Stored<Workload>, current: Set, older: readonly Set[]): Promise<void> {
    const { replicas = 1 } = deployment.spec;
    const { strategy } = deployment.spec as { strategy?: { type?: string } };
    const recreate = strategy?.type === 'Recreate';
    if (!recreate || older.every((set) => ownedPods(world, set).length === 0)) {
      await scale(deployment, current, replicas);
    }
    if (recreate || readyOf(current) >= replicas) for (const set of older) await scale(deployment, set, 0);
  }

  /** Creates no set: scales the one that has pods, else the newest; several in proportion. */
  async function scalePaused(
    deployment: Stored<Workload>,
    owned: readonly Set[],
    current: Set | undefined,
  ): Promise<void> {
    const { replicas = 1 } = deployment.spec;
    const active = owned.filter(({ spec }) => (spec.replicas ?? 0) > 0).sort(newestFirst);
    const [newest = current ?? owned.toSorted(newestFirst)[0], ...older] = active;
    if (newest === undefined) return;
    const total = active.reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0);
    let left = replicas;
    for (const set of older) {
      const share = Math.floor((replicas * (set.spec.replicas ?? 0)) / total);
      left -= share;
      await scale(deployment, set, share);
    }
    await scale(deployment, newest, left);
  }

  async function scale(deployment: Stored<Workload>, set: Set, replicas: number): Promise<void> {
    const before = set.spec.replicas ?? 0;
    if (before === replicas) return;
    await patchSeen(cluster, world.replicaSets, set, { spec: { replicas } });
    const message = `Scaled ${replicas > before ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    world.event(deployments, deployment, 'Normal', 'ScalingReplicaSet', message);
  }

  return {
    mirror: world.deployments,
    reconcile,
    triggers(enqueue) {
      const enqueueDeployment = enqueueOwner('Deployment', enqueue);
      world.replicaSets.onChange(enqueueDeployment);
      world.pods.onChange(
        enqueueOwner('ReplicaSet', (name, namespace) => {
          const set = world.replicaSets.get(name, namespace);
          if (set) enqueueDeployment(set);
        }),
      );
    },
  };
}

/** Returns the status that kubectl's `rollout status`, `wait` and `get` read. */
function statusOf(
  { metadata, spec, status }: Stored<Workload>,
  sets: readonly Set[],
  isCurrent: (set: Set) => boolean,
  now: Date,
): Workload['status'] {
  const { replicas: wanted = 1 } = spec;
  const sum = (all: readonly Set[], of: (set: Set) => number) =>
    all.reduce((total, set) => total + of(set), 0);
  const replicas = sum(sets, (set) => set.status?.replicas ?? 0);
  const ready = sum(sets, readyOf);
  const updated = sum(sets.filter(isCurrent), (set) => set.status?.replicas ?? 0);
  const done = updated === wanted && replicas === wanted && ready === wanted;
  const found: Omit<Condition, 'lastTransitionTime'>[] = [
    ready >= wanted
      ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }
      : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' },
    spec.paused === true
      ? { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused' }
      : {
          type: 'Progressing',
          status: 'True',
          reason: done ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
        },
  ];
  return {
    observedGeneration: metadata.generation ?? 0,
    replicas,
    updatedReplicas: updated,
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, wanted - ready),
    conditions: found.reduce<Condition[]>(
      (before, condition) => withCondition(before, condition, now),
      (status?.['conditions'] ?? []) as Condition[],
    ),
  };
}

function newestFirst(a: Set, b: Set): number {
  return Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp);
}

function readyOf({ status }: Set): number {
  return status?.readyReplicas ?? 0;
}
