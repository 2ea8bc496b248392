/** Repeats observe, decide, apply until a session is done, for every kind of session. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { AnySession, StatusOf } from '#src/api/stash.ts';
import type { Loop } from '#src/cluster/loop.ts';
import type { Observed } from '#src/cluster/observe.ts';
import type { Clock } from '#src/domain/clock.ts';
import { describe, type Progress, type Verdict } from '#src/domain/session/progress.ts';
import type { HookToRun, Made, Step } from '#src/domain/session/step.ts';
import { assertNever, isStashError, type StashError } from '#src/errors.ts';

import type { Held } from '#src/session/holding/held.ts';
import { orUntil } from '#src/cluster/or-until.ts';

/** How long after the deadline the executor still tries to write the session's end. */
const lateAnswerMs = 10_000;

export interface Routine<S extends AnySession> {
  readonly loop: Loop;
  readonly clock: Clock;
  readonly held: Held<S>;
  /** The session's objects. The executor creates nothing before it has seen which of them exist. */
  readonly made: Observed<KubernetesObject>;
  /**
   * Returns until when the executor waits for that, at most. `toGoOn`: it wants to create more, not only to end the
   * session.
   */
  readonly knownBy: (now: Date, toGoOn: boolean) => Date;
  /** When the executor gives up writing that the session has started. Undefined: as for any other write. */
  readonly startBy: Date | undefined;
  /** Returns the present state and the next step. */
  readonly look: (now: Date) => {
    readonly progress: Progress;
    readonly step: Step<StatusOf<S>>;
  };
  /** Creates the objects. When `signal` aborts, gives up those that are not created yet. */
  readonly create: (made: readonly Made[], signal: AbortSignal) => Promise<void>;
  /** An interruption does not stop a hook, because its outcome has to be recorded. */
  readonly runHook: (step: HookToRun<StatusOf<S>>) => Promise<void>;
  /** Resumes the application. Called if the routine ends too early. */
  readonly leave: () => Promise<void>;
  readonly onChange: (progress: Progress) => void;
}

/** Resolves with the progress when nothing is left to do. Rejects as the functions of the routine do, after `leave`. */
export async function drive<S extends AnySession>(routine: Routine<S>): Promise<Progress> {
  try {
    return await go(routine);
  } catch (error) {
    await routine.leave();
    throw error;
  }
}

async function go<S extends AnySession>(routine: Routine<S>): Promise<Progress> {
  const { loop, clock, held, made, knownBy, startBy } = routine;
  held.trouble.onChange(() => {
    // While a status is written, the loop does not look.
    routine.onChange(routine.look(clock.now()).progress);
    loop.ring();
  });
  for (;;) {
    const failure = made.failure();
    if (failure) throw failure;
    // Use one time for progress and step: with two, the progress might say that the quiesced time is over before any
    // step acts on that.
    const now = clock.now();
    const { progress, step } = routine.look(now);
    if (step.do !== 'start' && !made.isSynced()) {
      const until = knownBy(now, step.do === 'create' || (step.do === 'hook' && step.which === 'pre'));
      if (now < until) {
        await loop.race(orUntil(clock, until, made.synced));
        continue;
      }
    }
    routine.onChange(progress);
    switch (step.do) {
      case 'start':
        await loop.race(held.writeStatus(step.status, startBy));
        break;
      case 'finish':
        try {
          await loop.race(held.writeStatus(step.status, endBy(progress.deadline, now)));
        } catch (error) {
          if (!isStashError(error, 'unreachable', 'server')) throw error;
          return { ...progress, verdict: unwritten(progress, error) };
        }
        break;
      case 'create':
        await loop.race(createAll(routine, step.made, step.until));
        break;
      case 'hook':
        await loop.race(Promise.resolve());
        await routine.runHook(step);
        await loop.race(Promise.resolve());
        break;
      case 'wait':
        await loop.wait(step.until);
        break;
      case 'done':
        return progress;
      default:
        assertNever(step);
    }
  }
}

function endBy(deadline: Date, now: Date): Date {
  return new Date(Math.max(deadline.getTime(), now.getTime()) + lateAnswerMs);
}

/** Gives up the objects that are not created by `until`. The next round decides about them again. */
async function createAll<S extends AnySession>(
  { loop, clock, create }: Routine<S>,
  made: readonly Made[],
  until: Date | undefined,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([loop.signal, over.signal]);
  const all = create(made, signal);
  if (until === undefined) return all;
  try {
    await orUntil(clock, until, all);
  } finally {
    over.abort();
  }
}

/**
 * Returns the verdict if the final status could not be written. The session stays unfinished until an executor ends it.
 */
function unwritten({ claims }: Progress, { message }: StashError): Verdict {
  const waiting = claims.filter(({ phase }) => phase !== 'Succeeded');
  const state = waiting.length === 0 ? 'all is done' : describe(waiting);
  return {
    outcome: 'timed-out',
    message: `its deadline has passed and its end could not be written: ${message}; ${state}`,
  };
}
