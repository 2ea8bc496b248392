/** A collection of the whole cluster, kept current by one watch. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

export interface Cache<T extends KubernetesObject> {
  get(namespace: string, name: string): Stored<T> | undefined;
  list(namespace?: string): Iterable<Stored<T>>;
  /** Called after each change, with the object as it is now or, when it was deleted, as it was last. */
  onChange(listener: (object: Stored<T>, deleted: boolean) => void): void;
  /** What a write of our own returned: seen before the watch tells, unless that already told something newer. */
  learn(object: Stored<T>): void;
}
