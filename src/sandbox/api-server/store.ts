/**
 * Stores every object in memory, under one version counter. It knows nothing about kinds: it stores, counts
 * versions and reports changes.
 * Returned objects are frozen; a change creates a new object.
 */
import { deepFreeze } from './json.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { expired } from './status.ts';

export interface StoreEvent {
  readonly type: 'added' | 'changed' | 'removed';
  readonly collection: string;
  readonly version: number;
  /** For `removed`: the last state, with the version of the removal. */
  readonly object: StoredObject;
  readonly before: StoredObject | undefined;
}

/** What outlives a restart. The history for watches does not. */
export interface SavedStore {
  readonly version: number;
  readonly collections: Readonly<Record<string, readonly StoredObject[]>>;
}

export interface Store {
  /** Version of the latest change. */
  version(): number;
  get(collection: string, name: string, namespace?: string): StoredObject | undefined;
  /** Sorted by namespace, then name. */
  list(collection: string, namespace?: string): StoredObject[];
  collections(): string[];
  /** Adds or replaces an object, under a new version. It must have a name, a UID and a creation time. */
  put(collection: string, object: ApiObject): StoredObject;
  remove(collection: string, object: StoredObject): StoredObject;
  /**
   * Returns the changes of a collection after a version. Throws Expired if the history no longer reaches back
   * that far.
   */
  since(collection: string, version: number): StoreEvent[];
  /**
   * Calls `listener` synchronously, in the order of changes. A listener that wants to write has to do so
   * later.
   */
  subscribe(collection: string | undefined, listener: (event: StoreEvent) => void): () => void;
  /** Returns everything but Events, which are short-lived on a real server too. */
  save(): SavedStore;
}

interface Collection {
  readonly objects: Map<string, StoredObject>;
  readonly history: StoreEvent[];
  /** The history starts after this version. */
  forgotten: number;
}

export interface StoreOptions {
  /** How many changes of each collection are kept for watches that start in the past. */
  readonly historyLimit: number;
  /** The initial objects; they cause no change events. */
  readonly saved?: SavedStore | undefined;
}

/** Returns a store with the saved objects, or an empty one. */
export function createStore({ historyLimit, saved }: StoreOptions): Store {
  const collections = new Map<string, Collection>();
  const listeners = new Map<string | undefined, Set<(event: StoreEvent) => void>>();
  let version = saved?.version ?? 1;
  for (const [name, objects] of Object.entries(saved?.collections ?? {})) {
    for (const object of objects) {
      const { name: objectName, namespace } = object.metadata;
      collection(name).objects.set(keyOf(objectName, namespace), deepFreeze(object));
    }
  }

  function collection(name: string): Collection {
    let found = collections.get(name);
    if (!found) {
      found = { objects: new Map(), history: [], forgotten: version };
      collections.set(name, found);
    }
    return found;
  }

  function commit(event: StoreEvent): StoredObject {
    const { history, objects } = collection(event.collection);
    const key = keyOf(event.object.metadata.name, event.object.metadata.namespace);
    if (event.type === 'removed') objects.delete(key);
    else objects.set(key, event.object);
    history.push(event);
    if (history.length > historyLimit) {
      collection(event.collection).forgotten = history.shift()?.version ?? 0;
    }
    for (const listener of [
      ...(listeners.get(event.collection) ?? []),
      ...(listeners.get(undefined) ?? []),
    ]) {
      listener(event);
    }
    return event.object;
  }

  function nextVersionOf(object: ApiObject): StoredObject {
    version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(version) };
    return deepFreeze({ ...object, metadata }) as StoredObject;
  }

  return {
    version: () => version,
    get: (name, objectName, namespace) => collections.get(name)?.objects.get(keyOf(objectName, namespace)),
    list(name, namespace) {
      const objects = [...collection(name).objects]
        .filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return objects.map(([, object]) => object);
    },
    collections: () => [...collections.keys()],
    put(name, object) {
      const before = collection(name).objects.get(
        keyOf(object.metadata.name ?? '', object.metadata.namespace),
      );
      const stored = nextVersionOf(object);
      return commit({
        type: before ? 'changed' : 'added',
        collection: name,
        version,
        object: stored,
        before,
      });
    },
    remove(name, object) {
      const stored = nextVersionOf(object);
      return commit({ type: 'removed', collection: name, version, object: stored, before: object });
    },
    since(name, from) {
      const { history, forgotten } = collection(name);
      if (from < forgotten) throw expired(from, forgotten);
      return history.filter((event) => event.version > from);
    },
    subscribe(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => set.delete(listener);
    },
    save: () => ({
      version,
      collections: Object.fromEntries(
        [...collections]
          .filter(([name]) => name !== '/events')
          .map(([name, { objects }]) => [name, [...objects.values()]]),
      ),
    }),
  };
}

function keyOf(name: string, namespace: string | undefined): string {
  return `${namespace ?? ''}/${name}`;
}
