/**
 * The API without HTTP: each verb as one synchronous step over the store, so no two ever interleave.
 * Over https and in process, every request ends here. All of it throws ApiError.
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
  /** What to do about fields that the kind does not have. Default `Ignore`: they are dropped. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  readonly warn?: (message: string) => void;
  /** Who asks; left out for the sandbox itself. */
  readonly user?: User | undefined;
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
  /** The object as it is afterwards; `gone` says whether it is still there (finalizers, a pod's grace period). */
  delete(address: Address, request?: DeletionRequest): { object: StoredObject; gone: boolean };
  /** Calls back for every change after a version. Throws Expired. Returns how to stop. */
  watch(kind: Kind, selection: Selection, from: number, deliver: (change: WatchChange) => void): () => void;
}
