/** Reconciles the objects of one kind: level-based, by namespace and name, safe to repeat at any point. */

import type { Caches } from './world.ts';

export interface Key {
  readonly namespace: string;
  readonly name: string;
}

export interface Reconciler {
  /** For logs, metrics and Events: `backupconfiguration`. */
  readonly name: string;
  /** The caches that must be filled before it may decide: a list without an answer delays no other reconciler. */
  readonly reads: readonly (keyof Caches)[];
  /**
   * Observes the object and does what is needed next. Resolves with the milliseconds after which to reconcile again, or
   * with undefined to wait for a change. After a rejection the queue retries with backoff.
   * `signal` aborts when this process stops or is no longer the leader.
   */
  reconcile(key: Key, signal: AbortSignal): Promise<number | undefined>;
  /** Registers the changes that enqueue an object; called once, before the caches are synced. */
  triggers(enqueue: (key: Key) => void): void;
  /** Resolves once the work outside of `reconcile` has ended; called after the signal has aborted. */
  stopped?(): Promise<void>;
}
