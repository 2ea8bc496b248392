/** Brings one object at a time, by its key, from what is to what should be; as often as it takes. */

/** What went wrong is already told where users look (a status, an event): try again later, in silence. */
export class Retry extends Error {}

export interface Reconciler {
  /** Has the key looked at soon; keys that wait are not queued twice. */
  readonly enqueue: (key: string) => void;
  /** Has every key looked at that waits for a time to come. */
  readonly lookAgain: () => void;
  /** Resolves when nothing runs any more; call it after the signal has aborted. */
  readonly stopped: () => Promise<void>;
}

const firstBackoff = 100;
const usualBackoff = 5000;
/** A timer cannot wait longer; whoever is woken early looks and waits again. */
const longestTimer = 2 ** 31 - 1;
/** The watch is about to bring the newer version. */
const conflictBackoff = 5;

/**
 * `reconcile` may resolve with milliseconds after which it wants to see the key again. One key is never worked on
 * twice at once; different keys are.
 */
export function startReconciler(options: {
  readonly reconcile: (key: string) => Promise<number | undefined>;
  readonly onError: (key: string, error: unknown) => void;
  readonly signal: AbortSignal;
  /** Milliseconds between two failures at most. */
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
    const timer = setTimeout(enqueue, Math.min(milliseconds, longestTimer), key);
    timers.set(key, timer);
  }

  async function run(key: string): Promise<void> {
    // What else happens in this turn of the event loop is seen in one go.
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

/** Told already, or what comes of objects and namespaces that go while they are worked on. */
function isExpected(error: unknown): boolean {
  return error instanceof Retry || hasReason(error, 'NotFound', 'Forbidden');
}

/** Whether the API refused with one of these reasons. */
export function hasReason(error: unknown, ...reasons: string[]): boolean {
  return error instanceof Error && 'reason' in error && reasons.includes(String(error.reason));
}
