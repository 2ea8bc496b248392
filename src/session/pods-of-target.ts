/** The pods of a workload, as the server has them now. */
import type { Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { pods, replicaSets } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { podsControlledBy, replicaSetsToKnow } from '#src/domain/workload/owned-pods.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';
import type { TargetKind } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

/** Those that it controls; a Deployment does so by way of its ReplicaSets, each of which is read by its name. */
export async function podsOfWorkload(
  cluster: Pick<Cluster, 'get' | 'list'>,
  kind: TargetKind,
  workload: Stored<Workload>,
): Promise<Stored<Pod>[]> {
  const namespace = workload.metadata.namespace ?? '';
  const labelSelector = formatSelector(workload.spec.selector);
  const { items } = await cluster.list(pods, { namespace, labelSelector });
  const found = await Promise.all(
    replicaSetsToKnow(kind, items).map((name) => find(cluster, name, namespace)),
  );
  return podsControlledBy(
    kind,
    workload,
    items,
    found.filter((it) => it !== undefined),
  );
}

async function find(
  cluster: Pick<Cluster, 'get'>,
  name: string,
  namespace: string,
): Promise<Stored<Workload> | undefined> {
  try {
    return await cluster.get(replicaSets, name, namespace);
  } catch (error) {
    if (isStashError(error, 'not-found')) return undefined;
    throw error;
  }
}
