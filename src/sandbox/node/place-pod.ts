/** Schedules pods, or reports in their status why they have to wait. */
import type {
  ClusterNode,
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
  Stored,
} from '#src/api/kubernetes.ts';
import { pods as podResource, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Mirror } from '#src/sandbox/controllers/mirror.ts';
import { boundByController } from '#src/sandbox/controllers/claims.ts';
import { isReservedFor } from '#src/sandbox/controllers/matching.ts';
import { withCondition } from '#src/sandbox/controllers/owned-pods.ts';
import { selectedNode } from '#src/sandbox/controllers/provisioning.ts';
import type { RecordEvent } from '#src/sandbox/controllers/record-event.ts';
import { patchSeen, setStatus } from '#src/sandbox/controllers/writes.ts';

import { schedule } from './scheduling.ts';

interface Binding extends KubernetesObject {
  target: { apiVersion: string; kind: string; name: string };
}
const bindings: Resource<Binding> = {
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
};

export interface Placement {
  readonly cluster: Cluster;
  readonly node: string;
  readonly now: () => Date;
  readonly event: RecordEvent;
  readonly mirrors: {
    readonly pods: Mirror<Pod>;
    readonly claims: Mirror<PersistentVolumeClaim>;
    readonly volumes: Mirror<PersistentVolume>;
    readonly storageClasses: Mirror<StorageClass>;
    readonly nodes: Mirror<ClusterNode>;
  };
}

/**
 * Binds the pod to the node. First chooses volumes for its unbound claims, if necessary; if the pod does not
 * fit, reports the reason in its condition PodScheduled.
 */
export async function placePod(
  { cluster, node, now, event, mirrors }: Placement,
  pod: Stored<Pod>,
): Promise<void> {
  const { name, namespace } = pod.metadata;
  const { pods, claims, volumes, storageClasses, nodes } = mirrors;
  const verdict = schedule(pod, nodes.get(node), {
    claim: (claim) => claims.get(claim, namespace),
    storageClass: (storageClass) => storageClasses.get(storageClass),
    volumes: () => volumes.list(),
  });
  switch (verdict.type) {
    case 'go': {
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      const metadata = { name, ...(namespace !== undefined && { namespace }) };
      await cluster.create(bindings, { apiVersion: 'v1', kind: 'Binding', metadata, target });
      const message = `Successfully assigned ${namespace ?? ''}/${name} to ${node}`;
      event(podResource, pod, 'Normal', 'Scheduled', message);
      return;
    }
    case 'choose':
      for (const { claim, volume } of verdict.choices) {
        if (volume) await reserveFor(claim, volume);
        else if (claim.metadata.annotations?.[selectedNode] === undefined)
          await patchSeen(cluster, claims, claim, { metadata: { annotations: { [selectedNode]: node } } });
      }
      return;
    case 'wait': {
      const { message } = verdict;
      const why = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message } as const;
      const conditions = withCondition(pod.status?.conditions ?? [], why, now());
      const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;
      if (before !== message) event(podResource, pod, 'Warning', 'FailedScheduling', message);
      await setStatus(cluster, pods, pod, { ...pod.status, phase: 'Pending', conditions });
    }
  }

  async function reserveFor(
    claim: Stored<PersistentVolumeClaim>,
    volume: Stored<PersistentVolume>,
  ): Promise<void> {
    if (volume.spec.claimRef?.uid === claim.metadata.uid) return;
    const { name: claimName, uid, resourceVersion } = claim.metadata;
    const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
    const byUs = isReservedFor(volume, claim) ? {} : { annotations: { [boundByController]: 'yes' } };
    await patchSeen(cluster, volumes, volume, {
      metadata: byUs,
      spec: { claimRef: { ...kind, namespace, name: claimName, uid, resourceVersion } },
    });
  }
}
