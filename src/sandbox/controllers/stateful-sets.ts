/** Runs a StatefulSet's pods in order, each with its own claims. */
import type { Pod, PodTemplate, Stored, Workload } from '#src/api/kubernetes.ts';
import { pods as podResource, statefulSets } from '#src/api/resources.ts';

import { isStale, ownersToSet, type Replica } from './claim-retention.ts';
import {
  burst,
  enqueueOwner,
  isReady,
  makePod,
  messageOf,
  ownedPods,
  templateHash,
  withLabel,
} from './owned-pods.ts';
import { hasReason, Retry } from './reconciler.ts';
import type { Controller, World } from './world.ts';
import { deleteSeen, ensure, patchSeen, setStatus } from './writes.ts';

const revisionLabel = 'controller-revision-hash';
/** As long as the real controller's: it does not watch everything that it waits for. */
const longestBackoff = 1_000_000;

type Set = Stored<Workload>;
/** Whether the controller continues with the next replica or waits for this one. */
type Decision = 'go on' | 'wait';

export function statefulSetController(world: World): Controller {
  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const set = world.statefulSets.get(name, namespace);
    if (!set || set.metadata.deletionTimestamp !== undefined) return;
    const revision = `${name}-${templateHash(set.spec.template)}`;
    const [stepped] = await Promise.allSettled([step(set, revision)]);
    await report(set, revision);
    if (stepped.status === 'rejected') throw stepped.reason;
  }

  /** Makes one step towards the wanted pods; its result triggers the next step. */
  async function step(set: Set, revision: string): Promise<void> {
    const inOrder = set.spec.podManagementPolicy !== 'Parallel';
    const pods = ownedPods(world, set);
    const wanted = ordinalsOf(set, pods).map((ordinal) => {
      const podName = `${set.metadata.name}-${ordinal}`;
      return {
        podName,
        ordinal,
        pod: pods.find(({ metadata }) => metadata.name === podName),
        isSurplus: false,
      };
    });
    if ((await forEach(wanted, inOrder, (it) => reconcileReplica(set, it, inOrder, revision))) === 'wait')
      return;

    const surplus = pods
      .filter(({ metadata }) => wanted.every(({ podName }) => podName !== metadata.name))
      .sort(highestFirst)
      .map((pod) => ({ podName: pod.metadata.name, ordinal: ordinalOf(pod), pod, isSurplus: true }));
    for (const replica of surplus) await settleClaims(set, replica);
    const remove = async ({ pod }: (typeof surplus)[number]): Promise<Decision> => {
      if (pod.metadata.deletionTimestamp === undefined) await deletePod(set, pod);
      return 'wait';
    };
    if ((await forEach(surplus, inOrder, remove)) === 'wait') return;
    if (pods.some((pod) => !isReady(pod))) return;
    const [outdated] = pods.filter((pod) => !isUpdated(pod, revision)).sort(highestFirst);
    if (outdated) await deletePod(set, outdated);
  }

  /** Makes one step towards the wanted state of a replica. */
  async function reconcileReplica(
    set: Set,
    replica: Replica & { readonly ordinal: number },
    inOrder: boolean,
    revision: string,
  ): Promise<Decision> {
    const { pod } = replica;
    if (!pod) {
      if (claimsOf(set, replica).some(({ claim }) => claim && isStale(claim, set, replica))) return 'wait';
      await start(set, replica, revision);
      return 'wait';
    }
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
      if (pod.metadata.deletionTimestamp === undefined) await deletePod(set, pod);
      return 'wait';
    }
    if (pod.status?.phase === 'Pending') {
      await ensureClaims(set, replica);
      await settleClaims(set, replica);
    }
    if (inOrder && (!isReady(pod) || pod.metadata.deletionTimestamp !== undefined)) return 'wait';
    await settleClaims(set, replica);
    return 'go on';
  }

  function claimsOf(set: Set, { podName }: Replica) {
    return (set.spec.volumeClaimTemplates ?? []).map((template) => {
      const claimName = `${template.metadata.name ?? ''}-${podName}`;
      return { template, claimName, claim: world.claims.get(claimName, set.metadata.namespace) };
    });
  }

  /** Creates missing claims. Throws while a claim of that name is still being deleted. */
  async function ensureClaims(set: Set, replica: Replica): Promise<void> {
    const { name, namespace } = set.metadata;
    const going: string[] = [];
    for (const { template, claimName, claim } of claimsOf(set, replica)) {
      if (claim?.metadata.deletionTimestamp !== undefined) going.push(`pvc ${claimName} is being deleted`);
      if (claim) continue;
      const { matchLabels } = set.spec.selector as { matchLabels?: Record<string, string> };
      await ensure(world.cluster, world.claims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          ...template.metadata,
          name: claimName,
          ...(namespace !== undefined && { namespace }),
          labels: { ...template.metadata.labels, ...matchLabels },
        },
        spec: template.spec,
      });
      const message = `Create Claim ${claimName} Pod ${replica.podName} in StatefulSet ${name} success`;
      world.event(statefulSets, set, 'Normal', 'SuccessfulCreate', message);
    }
    if (going.length > 0) throw new Retry(going.length === 1 ? going[0] : `[${going.join(', ')}]`);
  }

  async function settleClaims(set: Set, replica: Replica): Promise<void> {
    for (const { claim } of claimsOf(set, replica)) {
      const ownerReferences = claim && ownersToSet(claim, set, replica);
      if (ownerReferences)
        await patchSeen(world.cluster, world.claims, claim, { metadata: { ownerReferences } });
    }
  }

  async function start(
    set: Set,
    replica: Replica & { readonly ordinal: number },
    revision: string,
  ): Promise<void> {
    const { podName } = replica;
    try {
      await ensureClaims(set, replica);
      await makePod(world, statefulSets, set, templateOf(set, replica, revision), { name: podName });
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) {
        const message = `Create Pod ${podName} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`;
        world.event(statefulSets, set, 'Warning', 'FailedCreate', message);
      }
      throw error;
    }
    await settleClaims(set, replica);
    tell(set, podName, 'Create');
  }

  async function deletePod(set: Set, pod: Stored<Pod>): Promise<void> {
    await deleteSeen(world.cluster, podResource, pod);
    tell(set, pod.metadata.name, 'Delete');
  }

  function tell(set: Set, podName: string, verb: 'Create' | 'Delete'): void {
    const message = `${verb} Pod ${podName} in StatefulSet ${set.metadata.name} successful`;
    world.event(statefulSets, set, 'Normal', `Successful${verb}`, message);
  }

  async function report(set: Set, revision: string): Promise<void> {
    const pods = ownedPods(world, set);
    const ready = pods.filter(isReady).length;
    const updated = pods.filter((pod) => isUpdated(pod, revision)).length;
    const done = updated === (set.spec.replicas ?? 1) && ready === updated;
    await setStatus(world.cluster, world.statefulSets, set, {
      observedGeneration: set.metadata.generation ?? 0,
      replicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      updatedReplicas: updated,
      currentRevision: done ? revision : (set.status?.['currentRevision'] ?? revision),
      updateRevision: revision,
    });
  }

  return {
    mirror: world.statefulSets,
    reconcile,
    longestBackoff,
    triggers(enqueue) {
      world.pods.onChange(enqueueOwner('StatefulSet', enqueue));
    },
  };
}

/**
 * In order: one item after the other, up to the first that has to wait. Otherwise: in batches of doubling
 * size, up to the first failure.
 */
async function forEach<T>(
  items: readonly T[],
  inOrder: boolean,
  work: (item: T) => Promise<Decision>,
): Promise<Decision> {
  if (inOrder) {
    for (const item of items) if ((await work(item)) === 'wait') return 'wait';
    return 'go on';
  }
  for (let [begin, size] = [0, 1]; begin < items.length; begin += size, size *= 2) {
    const batch = await Promise.allSettled(items.slice(begin, begin + size).map(work));
    for (const result of batch) if (result.status === 'rejected') throw result.reason;
  }
  return 'go on';
}

/** Returns the pod template of a replica, with its own name and claims. */
function templateOf(
  set: Set,
  { podName, ordinal }: Replica & { readonly ordinal: number },
  revision: string,
): PodTemplate {
  const templates = set.spec.volumeClaimTemplates ?? [];
  const labelled = [
    [revisionLabel, revision],
    ['statefulset.kubernetes.io/pod-name', podName],
    ['apps.kubernetes.io/pod-index', String(ordinal)],
  ].reduce((template, [key = '', value = '']) => withLabel(template, key, value), set.spec.template);
  const others = (labelled.spec.volumes ?? []).filter((volume) =>
    templates.every((it) => it.metadata.name !== volume.name),
  );
  const own = templates.map(({ metadata: { name: volume = '' } }) => ({
    name: volume,
    persistentVolumeClaim: { claimName: `${volume}-${podName}` },
  }));
  const spec = {
    ...labelled.spec,
    hostname: podName,
    ...(set.spec.serviceName !== undefined && { subdomain: set.spec.serviceName }),
    volumes: [...own, ...others],
  };
  return { ...labelled, spec };
}

function isUpdated({ metadata }: Pod, revision: string): boolean {
  return metadata.labels?.[revisionLabel] === revision;
}

/** The ordinals that have pods, and the next ones; the controller returns the others once these have pods. */
function ordinalsOf({ spec }: Set, pods: readonly Pod[]): number[] {
  const start = spec.ordinals?.start ?? 0;
  const last = Math.max(start, ...pods.map(ordinalOf));
  const length = Math.min(spec.replicas ?? 1, last - start + burst);
  return Array.from({ length }, (_, index) => start + index);
}

function ordinalOf({ metadata }: Pod): number {
  return Number(/\d+$/.exec(metadata.name ?? '')?.[0]);
}

function highestFirst(a: Pod, b: Pod): number {
  return ordinalOf(b) - ordinalOf(a);
}
