/** One kind of session as the operator looks after it: what `SessionKind` does not say already. */
import type { Condition, Job, Named, Stored } from '#src/api/kubernetes.ts';
import type { AnySession, StatusOf } from '#src/api/stash.ts';
import type { ExecutorAction, ExecutorWorld } from '#src/domain/operator/decide-executor.ts';
import type { EndWords } from '#src/domain/operator/end-words.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';

import type { Kept } from './change-session.ts';
import type { SessionIndex } from './session-index.ts';
import type { SessionMemory } from './session-memory.ts';
import type { Then } from './stepwise.ts';

/** A condition that is about to be written. */
export type Told = Omit<Condition, 'lastTransitionTime'>;

/** What the operator sees of a session, whatever its kind. */
export type SeenSession<S extends AnySession> = ExecutorWorld & { readonly session: Stored<S> };

/** What the operator tells about a session. */
export interface SessionNews<S extends AnySession, Seen> {
  /** An Event about the session; the same words are told of it once. */
  tell(session: Stored<S>, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** A condition of the session, unless it has ended meanwhile. */
  tellCondition(seen: Seen, condition: Told): Promise<void>;
}

export interface OperatedKind<
  S extends AnySession,
  Plan,
  Seen extends SeenSession<S>,
  Own extends { readonly do: string },
> {
  readonly kind: SessionKind<S, Plan>;
  readonly kept: Kept<S>;
  /** Sessions of one group are found by it: `index.ofGroup`. */
  readonly groupOf: (session: Stored<S>) => string;
  /** `executor`: what the operator sees of the executor. */
  readonly look: (
    session: Stored<S>,
    executor: Omit<ExecutorWorld, 'session' | 'ensured'>,
    index: SessionIndex<S>,
  ) => Seen;
  readonly decide: (seen: Seen) => ExecutorAction | Own;
  /** Does what only this kind of session needs. */
  readonly apply: (
    seen: Seen,
    action: Own,
    at: {
      readonly steps: SessionNews<S, Seen>;
      readonly memory: SessionMemory;
      readonly signal: AbortSignal;
    },
  ) => Promise<Then>;
  /** `session`: as it is now, which may be later than when it was seen. */
  readonly contextOf: (session: Stored<S>, seen: Seen) => SessionContext;
  /** The Job, with all that it needs in place; undefined: there is nothing yet to make it of. */
  readonly prepareJob: (seen: Seen) => Promise<Named<Job> | undefined>;
  /** The status with a condition about the executor, or the target. */
  readonly mark: (present: Stored<S>, condition: Told, seen: Seen) => StatusOf<S>;
  readonly endWords: (session: Stored<S>) => EndWords;
  /** What else is to be told once the session has ended. */
  readonly onEnd?: (seen: Seen, words: EndWords, when: Date) => void;
  /** What else makes a session worth a look. */
  readonly triggers: (enqueue: (session: Stored<S>) => void, index: SessionIndex<S>) => void;
}
