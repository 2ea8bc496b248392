/**
 * Runs sessions inside the operator, and ends those of other executors: each once, a limited number at a time, fair by
 * namespace. What a hook does here, for as long as its author likes, never takes a reconciler's place.
 */
import type { Clock } from '#src/domain/clock.ts';
import { isStashError } from '#src/errors.ts';

import { createFairLine, type FairLine } from './fair-line.ts';

export interface SessionAt {
  readonly uid: string;
  readonly namespace: string;
}

export type SessionWork = (signal: AbortSignal) => Promise<void>;

export interface SessionRuns {
  /** What this process does for the session with this UID. */
  state(uid: string): 'no' | 'queued' | 'running' | 'finishing';
  /**
   * Runs `work`, or queues it. After a rejection of `work`, `state` returns `no` only after a pause, so that the
   * reconciler retries with backoff.
   */
  start(session: SessionAt, signal: AbortSignal, work: SessionWork): 'queued' | 'running';
  /**
   * As `start`, for what follows a session's run: resuming its application, writing its end, tidying up. It has places
   * of its own, and takes the place of work that is queued for the session.
   */
  finish(session: SessionAt, signal: AbortSignal, work: SessionWork): void;
  /** Aborts the session's work; `onEnd` is called once it has ended. */
  stop(uid: string): void;
  /** Forgets a session that was deleted, unless its work has begun. */
  forget(uid: string): void;
  /** Empties the queues and resolves once nothing runs; to be called after the signals have aborted. */
  stopped(): Promise<void>;
}

interface Run {
  readonly session: SessionAt;
  readonly line: FairLine<Run>;
  readonly controller: AbortController;
  readonly go: () => Promise<void>;
  isRunning: boolean;
}

/** A hook that does not answer holds its place for minutes: enough places for many namespaces with such hooks. */
const finishing = { places: 64, perNamespace: 4 };

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
  const running = createFairLine<Run>({ places: atOnce });
  const ending = createFairLine<Run>(finishing);
  const failures = new Map<string, number>();
  const working = new Set<Promise<void>>();

  const next = (line: FairLine<Run>) => {
    for (let run = line.take(); run !== undefined; run = line.take()) begin(run);
  };

  const begin = (run: Run) => {
    run.isRunning = true;
    const work = run.go().finally(() => {
      working.delete(work);
      run.line.free(run.session.namespace);
      next(run.line);
    });
    working.add(work);
  };

  const pauseAfterFailure = (uid: string): number => {
    const failed = failures.get(uid) ?? 0;
    failures.set(uid, failed + 1);
    return Math.min(firstPauseMs * 2 ** failed, longestPauseMs);
  };

  /** Takes work that is queued for the session out of its line. */
  const leave = (uid: string) => {
    const run = runs.get(uid);
    if (run === undefined || run.isRunning) return;
    run.line.remove(run.session.namespace, uid);
    runs.delete(uid);
  };

  const enrol = (line: FairLine<Run>, session: SessionAt, signal: AbortSignal, work: SessionWork): Run => {
    const { uid, namespace } = session;
    leave(uid);
    const controller = new AbortController();
    const both = AbortSignal.any([signal, controller.signal]);
    const end = () => {
      runs.delete(uid);
      onEnd(uid);
    };
    const run: Run = {
      ...{ session, line, controller },
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
          // A conflict is no failure: another client wrote first.
          if (!isStashError(error, 'conflict')) onError(uid, error);
          // The pause does not occupy a place: other sessions run meanwhile.
          void clock.sleep(pauseAfterFailure(uid), both).then(end);
        }
      },
    };
    runs.set(uid, run);
    line.add(namespace, uid, run);
    next(line);
    return run;
  };

  return {
    state: (uid) => {
      const run = runs.get(uid);
      if (run === undefined) return 'no';
      if (run.line === ending) return 'finishing';
      return run.isRunning ? 'running' : 'queued';
    },
    start: (session, signal, work) =>
      enrol(running, session, signal, work).isRunning ? 'running' : 'queued',
    finish(session, signal, work) {
      enrol(ending, session, signal, work);
    },
    stop: (uid) => {
      runs.get(uid)?.controller.abort();
    },
    forget(uid) {
      failures.delete(uid);
      leave(uid);
    },
    async stopped() {
      running.clear();
      ending.clear();
      while (working.size > 0) await Promise.all(working);
    },
  };
}
