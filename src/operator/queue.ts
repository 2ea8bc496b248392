/**
 * The work queue of a reconciler: one reconcile of an object at a time, fair by namespace, and retries with backoff.
 */
import type { Clock } from '#src/domain/clock.ts';
import { isStashError } from '#src/errors.ts';

import { createFairLine } from './fair-line.ts';
import type { Key } from './reconciler.ts';

export interface Queue {
  /** Reconciles the object soon, ending any backoff; one that is being reconciled follows once more afterwards. */
  enqueue(key: Key): void;
  /** Starts reconciling; objects that were enqueued before wait until then. */
  start(): void;
  /** Number of objects that wait. */
  readonly depth: () => number;
  /** When the longest running reconcile started; undefined if none runs. */
  busySince(): Date | undefined;
  /** Resolves once no reconcile runs; to be called after the signal has aborted. */
  ended(): Promise<void>;
}

export interface QueueOptions {
  /** As `Reconciler.reconcile`. */
  readonly reconcile: (key: Key, signal: AbortSignal) => Promise<number | undefined>;
  readonly onError: (key: Key, error: unknown, retryInMs: number) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Number of objects that are reconciled at the same time. */
  readonly concurrency?: number;
  /** The same for the objects of one namespace. */
  readonly perNamespace?: number;
  /** Returns 0 to 1, for jitter. */
  readonly random?: () => number;
}

const defaultConcurrency = 16;
const firstBackoffMs = 1_000;
/** After a conflict the backoff is short: the watch is about to deliver the write that came first. */
const firstConflictBackoffMs = 50;
const longestBackoffMs = 5 * 60_000;

interface Entry {
  readonly key: Key;
  readonly id: string;
}

export function createQueue(options: QueueOptions): Queue {
  const { clock, signal, concurrency = defaultConcurrency, perNamespace, random = Math.random } = options;
  const line = createFairLine<Entry>({ places: concurrency, perNamespace });
  const running = new Map<string, { readonly work: Promise<void>; readonly since: Date }>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const pauses = new Map<string, AbortController>();
  let started = false;

  function add(entry: Entry): void {
    if (signal.aborted) return;
    const { id, key } = entry;
    pauses.get(id)?.abort();
    pauses.delete(id);
    if (running.has(id)) again.add(id);
    else line.add(key.namespace, id, entry);
    work();
  }

  function work(): void {
    if (!started || signal.aborted) return;
    for (let entry = line.take(); entry !== undefined; entry = line.take()) {
      running.set(entry.id, { work: look(entry), since: clock.now() });
    }
  }

  async function look(entry: Entry): Promise<void> {
    // Changes that arrive in the same turn of the event loop are reconciled together.
    await Promise.resolve();
    const after = await outcome(entry);
    running.delete(entry.id);
    line.free(entry.key.namespace);
    if (again.delete(entry.id)) add(entry);
    else if (after !== undefined) void addLater(entry, after);
    work();
  }

  /** Resolves with the milliseconds until the next reconcile; undefined: not before a change. */
  async function outcome({ key, id }: Entry): Promise<number | undefined> {
    try {
      const after = await options.reconcile(key, signal);
      failures.delete(id);
      return after;
    } catch (error) {
      // After the abort, errors are expected: do not report them.
      if (signal.aborted) return undefined;
      const failed = failures.get(id) ?? 0;
      failures.set(id, failed + 1);
      const first = isStashError(error, 'conflict') ? firstConflictBackoffMs : firstBackoffMs;
      const backoff = Math.min(first * 2 ** failed, longestBackoffMs) * (0.5 + random() / 2);
      options.onError(key, error, backoff);
      return backoff;
    }
  }

  async function addLater(entry: Entry, milliseconds: number): Promise<void> {
    if (signal.aborted) return;
    const pause = new AbortController();
    pauses.set(entry.id, pause);
    await clock.sleep(milliseconds, pause.signal);
    if (!pause.signal.aborted) add(entry);
  }

  signal.addEventListener('abort', () => {
    for (const pause of pauses.values()) pause.abort();
    line.clear();
  });

  return {
    enqueue: (key) => {
      add({ key, id: `${key.namespace}/${key.name}` });
    },
    start() {
      started = true;
      work();
    },
    depth: line.length,
    busySince: () => running.values().next().value?.since,
    async ended() {
      while (running.size > 0) await Promise.all([...running.values()].map(({ work }) => work));
    },
  };
}
