/** The pods of a workload, as the server has them now. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { readWorkload, targetTypes, type TargetKind } from '#src/domain/workload/kinds.ts';
import { ownersToRead, podsControlledBy } from '#src/domain/workload/owned-pods.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';
import { isStashError } from '#src/errors.ts';

/** Those that it controls; a Deployment does so by way of its ReplicaSets, each of which is read by its name. */
export async function podsOfWorkload(
  cluster: Pick<Cluster, 'get' | 'list'>,
  kind: TargetKind,
  workload: Stored<KubernetesObject>,
): Promise<Stored<Pod>[]> {
  const namespace = workload.metadata.namespace ?? '';
  const labelSelector = formatSelector(readWorkload(kind, workload)?.selector);
  const { items } = await cluster.list(pods, { namespace, labelSelector });
  const { podsThrough } = targetTypes[kind];
  const owners = podsThrough ? ownersToRead(kind, items).map((name) => ({ name, kind: podsThrough })) : [];
  const found = await Promise.all(owners.map((owner) => find(cluster, owner.kind, owner.name, namespace)));
  return podsControlledBy(
    kind,
    workload,
    items,
    found.filter((it) => it !== undefined),
  );
}

async function find(
  cluster: Pick<Cluster, 'get'>,
  resource: Resource,
  name: string,
  namespace: string,
): Promise<Stored<KubernetesObject> | undefined> {
  try {
    return await cluster.get(resource, name, namespace);
  } catch (error) {
    if (isStashError(error, 'not-found')) return undefined;
    throw error;
  }
}
