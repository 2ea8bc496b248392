import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

const patience = 120_000;

/** Resolves when the object exists and satisfies the condition. Rejects after two minutes. */
export async function until<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  { name, namespace }: { name: string; namespace?: string },
  isAsWanted: (object: T) => boolean,
): Promise<void> {
  const seen = new AbortController();
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const late = AbortSignal.timeout(patience);
  let last: T | undefined;
  for await (const event of cluster.watch(resource, scope, AbortSignal.any([seen.signal, late]))) {
    const objects = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
    if (objects.some(isAsWanted)) {
      seen.abort();
      return;
    }
    last = objects[0] ?? last;
  }
  const state = last === undefined ? 'missing' : JSON.stringify(last);
  throw new Error(`timed out waiting for ${resource.kind} ${name}, which is ${state}`);
}
