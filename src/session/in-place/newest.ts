/** Combines a watched collection with the answers to our own writes, which the watch reports later. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Observed } from '#src/cluster/observe.ts';

export interface Newest<T extends KubernetesObject> {
  /** By name: the newer of what the watch has reported and what the API server has answered. */
  readonly items: () => ReadonlyMap<string, Stored<T>>;
  readonly learn: (object: Stored<T>) => void;
}

export function newestOf<T extends KubernetesObject>(
  observed: Pick<Observed<T>, 'items' | 'deleted'>,
): Newest<T> {
  const answered = new Map<string, Stored<T>>();
  return {
    items() {
      const items = new Map(observed.items);
      for (const [name, object] of answered) {
        const seen = items.get(name);
        if (seen ? isNewer(seen, object) : observed.deleted.has(name)) answered.delete(name);
        else items.set(name, object);
      }
      return items;
    },
    learn: (object) => void answered.set(object.metadata.name, object),
  };
}

/** Resource versions of one kind increase with every write. */
function isNewer({ metadata }: Stored<KubernetesObject>, than: Stored<KubernetesObject>): boolean {
  return BigInt(metadata.resourceVersion) >= BigInt(than.metadata.resourceVersion);
}
