/** What the operator needs to know about a kind of session, beside `SessionKind`. */
import type { Condition, Job, Named, Stored } from '#src/api/kubernetes.ts';
import type { AnySession, StatusOf } from '#src/api/stash.ts';
import type { ExecutorAction, ExecutorWorld } from '#src/domain/operator/decide-executor.ts';
import type { EndWords } from '#src/domain/operator/end-words.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';

import type { Kept } from './change-session.ts';
import type { Reconciler } from './reconciler.ts';
import type { SessionIndex } from './session-index.ts';
import type { SessionMemory } from './session-memory.ts';
import type { SessionRuns } from './session-runs.ts';
import type { Then } from './stepwise.ts';

/** A condition to be written. */
export type Told = Omit<Condition, 'lastTransitionTime'>;

/** What the operator sees of a session, whatever its kind. */
export type SeenSession<S extends AnySession> = ExecutorWorld & { readonly session: Stored<S> };

/** Events and conditions that the operator writes about a session. */
export interface SessionNews<S extends AnySession, Seen> {
  /** Records an Event about the session; the same message only once. */
  tell(session: Stored<S>, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Writes a condition to the session, unless the session has ended. */
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
  readonly reads: Reconciler['reads'];
  /** The key by which `index.ofGroup` finds the session. */
  readonly groupOf: (session: Stored<S>) => string;
  /** Collects what `decide` needs. `executor`: what the operator knows about the session's executor. */
  readonly look: (
    session: Stored<S>,
    executor: Omit<ExecutorWorld, 'session' | 'ensured'>,
    index: SessionIndex<S>,
  ) => Seen;
  readonly decide: (seen: Seen) => ExecutorAction | Own;
  /** Carries out an action that only this kind of session has. */
  readonly apply: (
    seen: Seen,
    action: Own,
    at: {
      readonly steps: SessionNews<S, Seen>;
      readonly memory: SessionMemory;
      readonly runs: SessionRuns;
      readonly signal: AbortSignal;
    },
  ) => Promise<Then>;
  /** `session`: its current state, which may be newer than the one in `seen`. */
  readonly contextOf: (session: Stored<S>, seen: Seen) => SessionContext;
  /** Resolves with the Job to create, once the rights that it needs exist; undefined if it cannot be built yet. */
  readonly prepareJob: (seen: Seen) => Promise<Named<Job> | undefined>;
  /** The status with `condition` added, which is about the executor or the target. */
  readonly mark: (present: Stored<S>, condition: Told, seen: Seen) => StatusOf<S>;
  readonly endWords: (session: Stored<S>) => EndWords;
  /** Reports the end of the session beyond the session's own Event. */
  readonly onEnd?: (seen: Seen, words: EndWords) => void;
  /** Enqueues sessions after changes other than those of the session, its Job and its pods. */
  readonly triggers: (enqueue: (session: Stored<S>) => void, index: SessionIndex<S>) => void;
}
