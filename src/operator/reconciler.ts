/** One kind of object, brought to where it should be: level-based, by name only, safe to repeat at any point. */

export interface Key {
  readonly namespace: string;
  readonly name: string;
}

export interface Reconciler {
  /** For logs, metrics and Events: `backupconfiguration`. */
  readonly name: string;
  /**
   * Looks at what is there now and does the next thing. Resolves with the milliseconds after which it wants to look
   * again, undefined: not before something changes. Rejects: it is tried again with backoff.
   * `signal` aborts when we are no longer the leader, or stop.
   */
  reconcile(key: Key, signal: AbortSignal): Promise<number | undefined>;
  /** Registers what makes it look: called once, before the caches are synced. */
  triggers(enqueue: (key: Key) => void): void;
  /** Resolves when what it runs beside its reconciles has ended; called after the signal has aborted. */
  stopped?(): Promise<void>;
}
