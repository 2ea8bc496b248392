/** Sessions that are carried out inside the operator: each once, so many at a time, others in line. */
import type { Clock } from '#src/domain/clock.ts';

export interface SessionRuns {
  /** Of the session with this UID. */
  state(uid: string): 'no' | 'queued' | 'running';
  /**
   * Whether it could begin at once. `work` rejects where it may go better another time: then there is a pause before
   * `state` says `no` again.
   */
  start(uid: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): 'queued' | 'running';
  /** The same without standing in line; takes the place of one that does. */
  startAtOnce(uid: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): void;
  /** Tells it to stop, which it does in its own time. */
  stop(uid: string): void;
  /** It is gone: what failed before does not count for anything. */
  forget(uid: string): void;
  /** Resolves when nothing runs any more; after the signals have aborted. */
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
  /** Called when one has ended or may begin anew. */
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
      // One that did not wait for its turn leaves its place empty.
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
          // It does not hold up the others meanwhile.
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
