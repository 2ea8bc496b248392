/** A cache of one kind in the whole cluster, kept current by one watch and by the responses of our own writes. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';

import type { Cache } from './cache.ts';

export interface Following {
  /** Watches until `signal` aborts, then resolves; rejects with a permanent error of the API server. */
  readonly follow: (cluster: Cluster, signal: AbortSignal) => Promise<void>;
  /** Resolves once the first list is complete. */
  readonly synced: Promise<void>;
}

export type FollowedKind<T extends KubernetesObject> = Cache<T> & Following;

/** `trim` removes the fields that no reconciler reads. */
export function followedKind<T extends KubernetesObject>(
  resource: Resource<T>,
  scope: Omit<Scope, 'namespace'>,
  trim: (object: Stored<T>) => Stored<T>,
): FollowedKind<T> {
  const namespaces = new Map<string, Map<string, Stored<T>>>();
  const listeners: ((object: Stored<T>, deleted: boolean) => void)[] = [];
  const first = Promise.withResolvers<undefined>();
  /** The watch has delivered every change up to this resource version. */
  let toldUpTo = 0n;

  const find = ({ namespace = '', name }: Stored<T>['metadata']) => namespaces.get(namespace)?.get(name);

  const all = function* () {
    for (const objects of namespaces.values()) yield* objects.values();
  };

  const tell = (object: Stored<T>, deleted: boolean) => {
    for (const listener of listeners) listener(object, deleted);
  };

  const put = (object: Stored<T>) => {
    const { namespace = '', name } = object.metadata;
    const known = find(object.metadata);
    if (known !== undefined && versionOf(object) <= versionOf(known)) return;
    const kept = trim(object);
    let objects = namespaces.get(namespace);
    if (objects === undefined) namespaces.set(namespace, (objects = new Map<string, Stored<T>>()));
    objects.set(name, kept);
    tell(kept, false);
  };

  /** Deletes the object unless its version is newer than `upTo`: then it was created again since. */
  const drop = (metadata: Stored<T>['metadata'], upTo: bigint) => {
    const { namespace = '', name } = metadata;
    const objects = namespaces.get(namespace);
    const known = objects?.get(name);
    if (objects === undefined || known === undefined || versionOf(known) > upTo) return;
    objects.delete(name);
    if (objects.size === 0) namespaces.delete(namespace);
    tell(known, true);
  };

  const replace = (items: readonly Stored<T>[], upTo: bigint) => {
    const there = new Set(items.map(({ metadata }) => metadata.uid));
    for (const known of [...all()]) if (!there.has(known.metadata.uid)) drop(known.metadata, upTo);
    items.forEach(put);
  };

  const take = (event: WatchEvent<T>) => {
    switch (event.type) {
      case 'listed':
        replace(event.items, listedUpTo(event));
        toldUpTo = max(toldUpTo, listedUpTo(event));
        first.resolve(undefined);
        break;
      case 'changed':
        toldUpTo = max(toldUpTo, versionOf(event.object));
        put(event.object);
        break;
      case 'deleted':
        toldUpTo = max(toldUpTo, versionOf(event.object));
        drop(event.object.metadata, versionOf(event.object));
        break;
      case 'lost':
        // Keep the last known objects: a write on top of an outdated one fails with a conflict and is retried.
        break;
    }
  };

  return {
    synced: first.promise,
    get: (namespace, name) => namespaces.get(namespace)?.get(name),
    list: (namespace) => (namespace === undefined ? all() : (namespaces.get(namespace)?.values() ?? [])),
    onChange: (listener) => void listeners.push(listener),
    learn(object) {
      // The watch has passed this version and the object is absent: it has been deleted since.
      if (find(object.metadata) === undefined && versionOf(object) <= toldUpTo) return;
      put(object);
    },
    async follow(cluster, signal) {
      for await (const event of cluster.watch(resource, { ...scope, trim }, signal)) take(event);
    },
  };
}

/** Resource versions of one kind are numbers that increase with every write. */
function versionOf({ metadata }: Stored<KubernetesObject>): bigint {
  return BigInt(metadata.resourceVersion);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function listedUpTo({
  items,
  resourceVersion,
}: Extract<WatchEvent<KubernetesObject>, { type: 'listed' }>): bigint {
  return items.map(versionOf).reduce(max, BigInt(resourceVersion ?? 0));
}
