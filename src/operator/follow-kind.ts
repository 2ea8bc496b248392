/**
 * A cache of one kind, kept current by one watch of the whole cluster, or one for each watched namespace, and by the
 * responses of our own writes.
 */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';

import type { Cache } from './cache.ts';

export interface Following {
  /** Watches until `signal` aborts, then resolves; rejects with a permanent error of the API server. */
  readonly follow: (cluster: Cluster, signal: AbortSignal) => Promise<void>;
  /** Resolves once the first list is complete, or refused in a watched namespace. */
  readonly synced: Promise<void>;
  /** Whether the last watch of this watched namespace was refused: its objects may be out of date, or missing. */
  readonly isRefused: (namespace: string) => boolean;
}

/** The namespaces that are watched one by one, so that the operator needs no rights in others. */
export interface Watched {
  readonly namespaces: readonly string[];
  /** Resolves when the namespace is to be tried again, or as soon as `signal` aborts. */
  readonly afterRefusal: (namespace: string, error: Error, signal: AbortSignal) => Promise<void>;
}

export type FollowedKind<T extends KubernetesObject> = Cache<T> & Following;

/** `trim` removes the fields that no reconciler reads. */
export function followedKind<T extends KubernetesObject>(
  resource: Resource<T>,
  scope: Omit<Scope, 'namespace'>,
  trim: (object: Stored<T>) => Stored<T>,
  watched?: Watched,
): FollowedKind<T> {
  const namespaces = new Map<string, Map<string, Stored<T>>>();
  const listeners: ((object: Stored<T>, deleted: boolean) => void)[] = [];
  /** What is watched at once: a namespace, or undefined for all. */
  const parts: readonly (string | undefined)[] = watched?.namespaces ?? [undefined];
  const first = new Map(parts.map((part) => [part, Promise.withResolvers<undefined>()]));
  /** By part: the watch has delivered every change up to this resource version. */
  const toldUpTo = new Map<string | undefined, bigint>();
  const refused = new Set<string>();
  const partOf = ({ namespace }: Stored<T>['metadata']) => watched && namespace;
  const told = (part: string | undefined, version: bigint) => {
    toldUpTo.set(part, max(toldUpTo.get(part) ?? 0n, version));
  };

  const find = ({ namespace = '', name }: Stored<T>['metadata']) => namespaces.get(namespace)?.get(name);

  const all = function* (part?: string) {
    for (const [namespace, objects] of namespaces)
      if (part === undefined || part === namespace) yield* objects.values();
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

  const replace = (part: string | undefined, items: readonly Stored<T>[], upTo: bigint) => {
    const there = new Set(items.map(({ metadata }) => metadata.uid));
    for (const known of [...all(part)]) if (!there.has(known.metadata.uid)) drop(known.metadata, upTo);
    items.forEach(put);
  };

  const take = (part: string | undefined, event: WatchEvent<T>) => {
    switch (event.type) {
      case 'listed':
        if (part !== undefined) refused.delete(part);
        replace(part, event.items, listedUpTo(event));
        told(part, listedUpTo(event));
        first.get(part)?.resolve(undefined);
        break;
      case 'changed':
        told(part, versionOf(event.object));
        put(event.object);
        break;
      case 'deleted':
        told(part, versionOf(event.object));
        drop(event.object.metadata, versionOf(event.object));
        break;
      case 'lost':
        // Keep the last known objects: a write on top of an outdated one fails with a conflict and is retried.
        break;
    }
  };

  return {
    synced: Promise.all([...first.values()].map(({ promise }) => promise)).then(() => undefined),
    isRefused: (namespace) => refused.has(namespace),
    get: (namespace, name) => namespaces.get(namespace)?.get(name),
    list: (namespace) => (namespace === undefined ? all() : (namespaces.get(namespace)?.values() ?? [])),
    onChange: (listener) => void listeners.push(listener),
    learn(object) {
      // The watch has passed this version and the object is absent: it has been deleted since.
      if (
        find(object.metadata) === undefined &&
        versionOf(object) <= (toldUpTo.get(partOf(object.metadata)) ?? 0n)
      )
        return;
      put(object);
    },
    async follow(cluster, signal) {
      const followPart = async (namespace: string | undefined) => {
        const of = { ...scope, trim, ...(namespace !== undefined && { namespace }) };
        for await (const event of cluster.watch(resource, of, signal)) take(namespace, event);
      };
      const insist = async (namespace: string) => {
        while (!signal.aborted) {
          try {
            await followPart(namespace);
          } catch (error) {
            // Its Role is gone, mostly with the namespace: the others go on.
            if (!isStashError(error, 'forbidden') || watched === undefined) throw error;
            refused.add(namespace);
            first.get(namespace)?.resolve(undefined);
            await watched.afterRefusal(namespace, error, signal);
          }
        }
      };
      await Promise.all(parts.map((part) => (part === undefined ? followPart(part) : insist(part))));
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
