/** Finds the pods that files are copied into. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { pods } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { mounts } from '#src/domain/restore/claims-in-the-way.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { podsOfWorkload } from '#src/session/hooks/pods-of-target.ts';

/** The pods of a workload, the pods that use a claim, or the pod of this name. Rejects with 'not-found' if the object does not exist. */
export async function findPods(
  cluster: Cluster,
  namespace: string,
  of: Pick<Target, 'kind' | 'name'> | { readonly pod: string },
): Promise<Stored<Pod>[]> {
  if ('pod' in of) return [await cluster.get(pods, of.pod, namespace)];
  const object = await cluster.get(targetTypes[of.kind].resource, of.name, namespace);
  if (of.kind !== 'PersistentVolumeClaim') return await podsOfWorkload(cluster, of.kind, object);
  const { items } = await cluster.list(pods, { namespace });
  return items.filter((pod) => mounts(pod, of.name));
}
