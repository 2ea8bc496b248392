import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

/** Resolves when the object is there and as wanted. */
export async function until<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  { name, namespace }: { name: string; namespace?: string },
  isAsWanted: (object: T) => boolean,
): Promise<void> {
  const seen = new AbortController();
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  for await (const event of cluster.watch(resource, scope, seen.signal)) {
    const objects = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
    if (objects.some(isAsWanted)) break;
  }
  seen.abort();
}
