/** Finds out whether the API server answers. A watch without events does not show that. */
import type { Loop } from '#src/cluster/loop.ts';
import { orTellSlow } from '#src/cluster/slow-answer.ts';
import type { Clock } from '#src/domain/clock.ts';
import { isStashError } from '#src/errors.ts';

export interface Probe {
  /** Sends requests until the API server answers one. Asks again only for another `reason`. */
  ask(reason: object): void;
  /** Why there is no answer. Undefined while nothing is wrong. */
  unanswered(): string | undefined;
}

const slowAnswerMs = 2_000;
const againAfterMs = 2_000;

/** Calls `ring` when the API server does not answer, and when it answers again. */
export function createProbe(
  clock: Clock,
  { signal, ring }: Pick<Loop, 'signal' | 'ring'>,
  question: () => Promise<unknown>,
): Probe {
  let reason: object | undefined;
  let asking = false;
  let why: string | undefined;

  const tell = (words: string | undefined) => {
    if (words === why) return;
    why = words;
    ring();
  };

  const slow = {
    afterMs: slowAnswerMs,
    tell: (words: string) => {
      tell(why ?? words);
    },
  };

  const askOnce = async (): Promise<boolean> => {
    try {
      await orTellSlow(clock, signal, slow, question());
      return true;
    } catch (error) {
      if (!isStashError(error, 'unreachable', 'server')) return true;
      tell(error.message);
      return false;
    }
  };

  const askUntilAnswered = async () => {
    while (!signal.aborted && !(await askOnce())) await clock.sleep(againAfterMs, signal);
    asking = false;
    tell(undefined);
  };

  return {
    ask(given) {
      if (asking || given === reason) return;
      reason = given;
      asking = true;
      void askUntilAnswered();
    },
    unanswered: () => why,
  };
}
