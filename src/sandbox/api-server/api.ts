/**
 * The API without HTTP: each verb is one synchronous step over the store, so requests never interleave.
 * Every request, over HTTPS or in process, ends here. All methods throw ApiError.
 */
import type { DeleteOptions, PatchType } from '#src/cluster/port.ts';

import type { Kind } from './kind.ts';
import type { StoredObject } from './object.ts';
import type { Registry } from './registry.ts';
import type { Selection } from './selectors.ts';
import type { Store } from './store.ts';
import type { Tokens, User } from './tokens.ts';

export interface Address {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface WriteRequest {
  readonly dryRun?: boolean;
  readonly subresource?: 'status' | 'scale' | undefined;
  /** What to do with fields that the kind does not have. Default `Ignore`: drop them. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  readonly warn?: (message: string) => void;
  /** The requesting user; left out for the sandbox itself. */
  readonly user?: User | undefined;
  /** The client's name as a field manager. */
  readonly manager?: string | undefined;
}

export type DeletionRequest = DeleteOptions & {
  readonly dryRun?: boolean;
  readonly resourceVersion?: string;
  readonly warn?: WriteRequest['warn'] | undefined;
};

export interface WatchChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
}

export interface Api {
  readonly store: Store;
  readonly registry: Registry;
  readonly tokens: Tokens;
  now(): Date;
  get(address: Address): StoredObject;
  list(kind: Kind, selection: Selection): { items: StoredObject[]; resourceVersion: string };
  create(kind: Kind, namespace: string | undefined, body: unknown, request?: WriteRequest): StoredObject;
  update(address: Address, body: unknown, request?: WriteRequest): StoredObject;
  patch(address: Address, type: PatchType, patch: unknown, request?: WriteRequest): StoredObject;
  /**
   * Returns the object as it is after the deletion. `gone` is false while finalizers or a pod's grace period
   * keep it.
   */
  delete(address: Address, request?: DeletionRequest): { object: StoredObject; gone: boolean };
  /**
   * Calls `deliver` for every change after version `from`. Returns a function that stops the watch. Throws
   * Expired.
   */
  watch(kind: Kind, selection: Selection, from: number, deliver: (change: WatchChange) => void): () => void;
}
