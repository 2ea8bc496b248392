/** Runs sessions inside the operator: each once, a limited number at a time; the others are queued. */
import type { Clock } from '#src/domain/clock.ts';

export interface SessionRuns {
  /** What this process does for the session with this UID. */
  state(uid: string): 'no' | 'queued' | 'running';
  /**
   * Runs `work`, or queues it. After a rejection of `work`, `state` returns `no` only after a pause, so that the
   * reconciler retries with backoff.
   */
  start(uid: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): 'queued' | 'running';
  /** Runs `work` without queueing, in place of work that is queued for the session. */
  startAtOnce(uid: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): void;
  /** Aborts the session's work; `onEnd` is called once it has ended. */
  stop(uid: string): void;
  /** Forgets the failures of a session that was deleted. */
  forget(uid: string): void;
  /** Empties the queue and resolves once nothing runs; to be called after the signals have aborted. */
  stopped(): Promise<void>;
}

interface Run {
  readonly controller: AbortController;
  readonly go: () => Promise<void>;
  isRunning: boolean;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

export function createSessionRuns(options: {
  readonly atOnce: number;
  readonly clock: Clock;
  /** Called when a session's work has ended or may be retried. */
  readonly onEnd: (uid: string) => void;
  readonly onError: (uid: string, error: unknown) => void;
}): SessionRuns {
  const { atOnce, clock, onEnd, onError } = options;
  const runs = new Map<string, Run>();
  const line: string[] = [];
  const failures = new Map<string, number>();
  const working = new Set<Promise<void>>();

  const begin = (run: Run) => {
    run.isRunning = true;
    const work = run.go().finally(() => {
      working.delete(work);
      next();
    });
    working.add(work);
  };

  const next = () => {
    while (working.size < atOnce) {
      const uid = line.shift();
      if (uid === undefined) return;
      const run = runs.get(uid);
      // `startAtOnce` may have run it already.
      if (run && !run.isRunning) begin(run);
    }
  };

  const pauseAfterFailure = (uid: string): number => {
    const failed = failures.get(uid) ?? 0;
    failures.set(uid, failed + 1);
    return Math.min(firstPauseMs * 2 ** failed, longestPauseMs);
  };

  const enrol = (uid: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Run => {
    const controller = new AbortController();
    const both = AbortSignal.any([signal, controller.signal]);
    const end = () => {
      runs.delete(uid);
      onEnd(uid);
    };
    const run: Run = {
      controller,
      isRunning: false,
      go: async () => {
        try {
          if (!both.aborted) await work(both);
          failures.delete(uid);
          end();
        } catch (error) {
          if (both.aborted) {
            end();
            return;
          }
          onError(uid, error);
          // The pause does not occupy a place: other sessions run meanwhile.
          void clock.sleep(pauseAfterFailure(uid), both).then(end);
        }
      },
    };
    runs.set(uid, run);
    return run;
  };

  return {
    state: (uid) => {
      const run = runs.get(uid);
      return run === undefined ? 'no' : run.isRunning ? 'running' : 'queued';
    },
    start(uid, signal, work) {
      const run = enrol(uid, signal, work);
      line.push(uid);
      next();
      return run.isRunning ? 'running' : 'queued';
    },
    startAtOnce(uid, signal, work) {
      begin(enrol(uid, signal, work));
    },
    stop: (uid) => {
      runs.get(uid)?.controller.abort();
    },
    forget: (uid) => void failures.delete(uid),
    async stopped() {
      line.length = 0;
      while (working.size > 0) await Promise.all(working);
    },
  };
}
