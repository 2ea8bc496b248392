/** Runs a StatefulSet's pods in order, each with claims of its own. */
import type { Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { statefulSets } from '#src/api/resources.ts';

import {
  createPod,
  deletePod,
  enqueueOwner,
  isReady,
  ownedPods,
  templateHash,
  withLabel,
} from './owned-pods.ts';
import type { Controller, World } from './world.ts';
import { ensure, setStatus } from './writes.ts';

const revisionLabel = 'controller-revision-hash';

type Set = Stored<Workload>;

export function statefulSetController(world: World): Controller {
  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const set = world.statefulSets.get(name, namespace);
    if (!set || set.metadata.deletionTimestamp !== undefined) return;
    const revision = `${name}-${templateHash(set.spec.template)}`;
    await step(set, revision);
    await report(set, revision);
  }

  /** One step towards the wanted pods; the next follows when this one shows. */
  async function step(set: Set, revision: string): Promise<void> {
    const inOrder = set.spec.podManagementPolicy !== 'Parallel';
    const pods = ownedPods(world, set);
    const ordinals = ordinalsOf(set);
    for (const ordinal of ordinals) {
      const pod = pods.find(({ metadata }) => metadata.name === `${set.metadata.name}-${ordinal}`);
      const wantsClaims = !pod || pod.status?.phase === 'Pending';
      const hasClaims = !wantsClaims || (await ensureClaims(set, ordinal));
      if (!pod) {
        if (hasClaims) await start(set, ordinal, revision);
      } else if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
        await deletePod(world, statefulSets, set, pod);
      }
      if (inOrder && (!pod || !isReady(pod) || pod.metadata.deletionTimestamp !== undefined)) return;
    }
    const surplus = pods.filter((pod) => !ordinals.includes(ordinalOf(pod))).sort(highestFirst);
    for (const pod of surplus) {
      if (pod.metadata.deletionTimestamp === undefined) await deletePod(world, statefulSets, set, pod);
      if (inOrder) return;
    }
    if (pods.some((pod) => !isReady(pod))) return;
    const [outdated] = pods.filter((pod) => !isUpdated(pod, revision)).sort(highestFirst);
    if (outdated) await deletePod(world, statefulSets, set, outdated);
  }

  /** Makes the claims that are missing; false while one of that name is still going. */
  async function ensureClaims(set: Set, ordinal: number): Promise<boolean> {
    const { name, namespace } = set.metadata;
    const podName = `${name}-${ordinal}`;
    for (const template of set.spec.volumeClaimTemplates ?? []) {
      const claimName = `${template.metadata.name ?? ''}-${podName}`;
      const existing = world.claims.get(claimName, namespace);
      if (existing?.metadata.deletionTimestamp !== undefined) return false;
      if (existing) continue;
      const labels = { ...(set.spec.selector as { matchLabels?: Record<string, string> }).matchLabels };
      await ensure(world.cluster, world.claims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          ...template.metadata,
          name: claimName,
          ...(namespace !== undefined && { namespace }),
          labels: { ...labels, ...template.metadata.labels },
        },
        spec: template.spec,
      });
      const message = `create Claim ${claimName} Pod ${podName} in StatefulSet ${name} success`;
      world.event(statefulSets, set, 'Normal', 'SuccessfulCreate', message);
    }
    return true;
  }

  async function start(set: Set, ordinal: number, revision: string): Promise<void> {
    const podName = `${set.metadata.name}-${ordinal}`;
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
    await createPod(world, statefulSets, set, { ...labelled, spec }, { name: podName });
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
    triggers(enqueue) {
      world.pods.onChange(enqueueOwner('StatefulSet', enqueue));
      world.claims.onChange(({ metadata }) => {
        for (const set of world.statefulSets.list(metadata.namespace)) {
          const isOurs = set.spec.volumeClaimTemplates?.some((template) =>
            metadata.name.startsWith(`${template.metadata.name ?? ''}-${set.metadata.name}-`),
          );
          if (isOurs === true) enqueue(set.metadata.name, metadata.namespace);
        }
      });
    },
  };
}

function isUpdated({ metadata }: Pod, revision: string): boolean {
  return metadata.labels?.[revisionLabel] === revision;
}

function ordinalsOf({ spec }: Set): number[] {
  const start = spec.ordinals?.start ?? 0;
  return Array.from({ length: spec.replicas ?? 1 }, (_, index) => start + index);
}

function ordinalOf({ metadata }: Pod): number {
  return Number(/\d+$/.exec(metadata.name ?? '')?.[0]);
}

function highestFirst(a: Pod, b: Pod): number {
  return ordinalOf(b) - ordinalOf(a);
}
