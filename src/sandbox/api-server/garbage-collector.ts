/**
 * Cascading deletion: dependents whose owners are gone, objects in a terminating namespace, and objects of a
 * custom kind whose definition is being deleted.
 * It runs in microtasks, so that a client that has received an answer sees the consequences with its next
 * request.
 */
import { isDeepStrictEqual } from 'node:util';

import { customResourceDefinitions, namespaces } from '#src/api/resources.ts';

import type { Address, Api } from './api.ts';
import { listAt, stringAt } from './json.ts';
import { collectionOf } from './kind.ts';
import type { StoredObject } from './object.ts';

const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

interface Found {
  readonly address: Address;
  readonly object: StoredObject;
}

/** Runs until the returned function is called. */
export function startGarbageCollector(api: Api): () => void {
  const { store } = api;
  const state = { due: false, working: false, stopped: false };

  function schedule(): void {
    state.due = true;
    if (state.working) return;
    state.working = true;
    queueMicrotask(() => {
      while (state.due && !state.stopped) sweep();
      state.working = false;
    });
  }

  /** Sweeps all objects: there are few, and all are in memory. A deletion schedules the next sweep. */
  function sweep(): void {
    state.due = false;
    const found = store.collections().flatMap((collection) => objectsOf(collection));
    const living = new Set(found.map(({ object }) => object.metadata.uid));
    for (const { address } of found) {
      const object = store.get(collectionOf(address.kind), address.name, address.namespace);
      if (object?.metadata.deletionTimestamp !== undefined) finalize(address, object);
      else if (object?.metadata.ownerReferences) collect(address, object, living);
    }
  }

  function objectsOf(collection: string, namespace?: string): Found[] {
    const kind = api.registry.kinds().find((it) => collectionOf(it) === collection);
    if (!kind) return [];
    return store.list(collection, namespace).map((object) => {
      const { name, namespace } = object.metadata;
      return { address: { kind, name, namespace }, object };
    });
  }

  function collect(address: Address, { metadata }: StoredObject, living: ReadonlySet<string>): void {
    const { ownerReferences = [], uid } = metadata;
    const kept = ownerReferences.filter((owner) => living.has(owner.uid));
    if (kept.length === ownerReferences.length) return;
    if (kept.length === 0) api.delete(address, { uid, propagation: 'Background' });
    else api.patch(address, 'merge', { metadata: { ownerReferences: kept } });
  }

  /** Does what the terminating object's finalizers wait for. */
  function finalize(address: Address, object: StoredObject): void {
    const { finalizers = [], uid } = object.metadata;
    const collection = collectionOf(address.kind);
    if (collection === collectionOf(namespaces) && listAt(object, 'spec', 'finalizers').length > 0) {
      const contents = store.collections().flatMap((it) => objectsOf(it, address.name));
      if (deleteAll(contents)) api.patch(address, 'merge', { spec: { finalizers: [] } });
    } else if (collection === collectionOf(customResourceDefinitions) && finalizers.includes(cleanup)) {
      const group = stringAt(object, 'spec', 'group') ?? '';
      const plural = stringAt(object, 'spec', 'names', 'plural') ?? '';
      if (deleteAll(objectsOf(collectionOf({ group, plural })))) dropFinalizer(address, cleanup);
    } else if (finalizers.includes('orphan')) {
      for (const dependent of dependentsOf(uid)) {
        const ownerReferences = dependent.object.metadata.ownerReferences?.filter((it) => it.uid !== uid);
        api.patch(dependent.address, 'merge', { metadata: { ownerReferences } });
      }
      dropFinalizer(address, 'orphan');
    } else if (finalizers.includes('foregroundDeletion')) {
      const blocking = dependentsOf(uid).filter(({ object: { metadata } }) =>
        metadata.ownerReferences?.some((it) => it.uid === uid && it.blockOwnerDeletion === true),
      );
      for (const dependent of dependentsOf(uid)) {
        if (dependent.object.metadata.deletionTimestamp === undefined)
          api.delete(dependent.address, { propagation: 'Foreground' });
      }
      if (blocking.length === 0) dropFinalizer(address, 'foregroundDeletion');
    }
  }

  /** Deletes all of these. Returns true if there were none. */
  function deleteAll(contents: readonly Found[]): boolean {
    for (const { address, object } of contents) {
      if (object.metadata.deletionTimestamp === undefined) api.delete(address, { propagation: 'Background' });
    }
    return contents.length === 0;
  }

  function dependentsOf(uid: string): Found[] {
    return store
      .collections()
      .flatMap((collection) => objectsOf(collection))
      .filter(({ object }) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid));
  }

  function dropFinalizer(address: Address, finalizer: string): void {
    const { finalizers = [] } = api.get(address).metadata;
    api.patch(address, 'merge', { metadata: { finalizers: finalizers.filter((it) => it !== finalizer) } });
  }

  schedule();
  const unsubscribe = store.subscribe(undefined, ({ type, object: { metadata }, before }) => {
    const owners = metadata.ownerReferences;
    const isOwnedAnew = owners !== undefined && !isDeepStrictEqual(owners, before?.metadata.ownerReferences);
    if (type === 'removed' || metadata.deletionTimestamp !== undefined || isOwnedAnew) schedule();
  });
  return () => {
    state.stopped = true;
    unsubscribe();
  };
}
