/** All objects of one kind in the cluster, kept current by one watch. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

export interface Cache<T extends KubernetesObject> {
  get(namespace: string, name: string): Stored<T> | undefined;
  list(namespace?: string): Iterable<Stored<T>>;
  /** `listener` is called after each change, with the new object or, after a deletion, with its last known state. */
  onChange(listener: (object: Stored<T>, deleted: boolean) => void): void;
  /** Stores the response to a write before the watch delivers it; an older version than the known one is ignored. */
  learn(object: Stored<T>): void;
}
