/** Reconciles objects, each by its key, and retries after errors. */
import { startTimer } from '#src/sandbox/timer.ts';

/** Retry later without logging: a status or an Event already tells users about the failure. */
export class Retry extends Error {}

export interface Reconciler {
  /** Schedules the key; a key that waits already is not queued twice. */
  readonly enqueue: (key: string) => void;
  /** Schedules every key that waits for a time to come. */
  readonly lookAgain: () => void;
  /** Resolves when the last reconcile has ended; call it after the signal has aborted. */
  readonly stopped: () => Promise<void>;
}

const firstBackoff = 100;
const usualBackoff = 5000;
/** Short, because the watch is about to deliver the newer version. */
const conflictBackoff = 5;

/**
 * `reconcile` may resolve with milliseconds after which to reconcile the key again. A key is never reconciled
 * twice at once; different keys are reconciled concurrently.
 */
export function startReconciler(options: {
  readonly reconcile: (key: string) => Promise<number | undefined>;
  readonly onError: (key: string, error: unknown) => void;
  readonly signal: AbortSignal;
  /** Longest delay between two retries, in milliseconds. */
  readonly longestBackoff?: number | undefined;
}): Reconciler {
  const { signal, longestBackoff = usualBackoff } = options;
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();

  function enqueue(key: string): void {
    if (signal.aborted) return;
    clearTimeout(timers.get(key));
    timers.delete(key);
    if (running.has(key)) {
      again.add(key);
      return;
    }
    const work = run(key).finally(() => {
      running.delete(key);
      if (again.delete(key)) enqueue(key);
    });
    running.set(key, work);
  }

  function enqueueAfter(key: string, milliseconds: number): void {
    if (signal.aborted || again.has(key)) return;
    // A reconcile that wakes early waits again.
    const timer = startTimer(milliseconds, () => {
      enqueue(key);
    });
    timers.set(key, timer);
  }

  async function run(key: string): Promise<void> {
    // Wait for the other changes of this turn of the event loop.
    await Promise.resolve();
    try {
      const after = await options.reconcile(key);
      failures.delete(key);
      if (after !== undefined) enqueueAfter(key, after);
    } catch (error) {
      if (hasReason(error, 'Conflict')) {
        enqueueAfter(key, conflictBackoff);
        return;
      }
      if (!isExpected(error) && !signal.aborted) options.onError(key, error);
      const failed = failures.get(key) ?? 0;
      failures.set(key, failed + 1);
      enqueueAfter(key, Math.min(firstBackoff * 2 ** failed, longestBackoff));
    }
  }

  signal.addEventListener('abort', () => {
    for (const timer of timers.values()) clearTimeout(timer);
  });
  return {
    enqueue,
    lookAgain() {
      for (const key of [...timers.keys(), ...running.keys()]) enqueue(key);
    },
    async stopped() {
      while (running.size > 0) await Promise.allSettled(running.values());
    },
  };
}

/**
 * Returns true for errors that the user has already seen, and for errors about objects and namespaces
 * deleted during a reconcile.
 */
function isExpected(error: unknown): boolean {
  return error instanceof Retry || hasReason(error, 'NotFound', 'Forbidden');
}

/** Returns true if the API refused with one of these reasons. */
export function hasReason(error: unknown, ...reasons: string[]): boolean {
  return error instanceof Error && 'reason' in error && reasons.includes(String(error.reason));
}
