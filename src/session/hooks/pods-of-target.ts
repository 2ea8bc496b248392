/** Reads the pods of a workload. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { pods } from '#src/api/resources.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { readWorkload, targetTypes, type TargetKind } from '#src/domain/workload/kinds.ts';
import { ownersToRead, podsControlledBy } from '#src/domain/workload/owned-pods.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';

const readsInFlight = 16;

/**
 * Resolves with the pods that the workload controls. A Deployment controls its pods through ReplicaSets: reads each
 * ReplicaSet that owns a pod by its name.
 */
export async function podsOfWorkload(
  cluster: Pick<Cluster, 'get' | 'list'>,
  kind: TargetKind,
  workload: Stored<KubernetesObject>,
): Promise<Stored<Pod>[]> {
  const namespace = workload.metadata.namespace ?? '';
  const labelSelector = formatSelector(readWorkload(kind, workload)?.selector);
  const { items } = await cluster.list(pods, { namespace, labelSelector });
  const { podsThrough } = targetTypes[kind];
  const owners: Stored<KubernetesObject>[] = [];
  if (podsThrough !== undefined) {
    // A selector may match pods of any number of other workloads.
    await forEachBounded(ownersToRead(kind, items), readsInFlight, async (name) => {
      const found = await find(cluster, podsThrough, { name, namespace });
      if (found) owners.push(found);
    });
  }
  return podsControlledBy(kind, workload, items, owners);
}
