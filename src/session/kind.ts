/**
 * The interface of a kind of session: all differences between a backup and a restore for the executor that carries a
 * session out, the follower that watches it and the operator that ends it. A new kind is one more value of
 * `SessionKind`.
 */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { AnySession, BackupConfiguration, StatusOf } from '#src/api/stash.ts';
import type { Loop } from '#src/cluster/loop.ts';
import type { Observed } from '#src/cluster/observe.ts';
import type { HookState } from '#src/domain/hooks/hook-step.ts';
import type { SessionHooks } from '#src/domain/hooks/hooks.ts';
import type { HookRecord } from '#src/domain/session/hook-record.ts';
import type { KindWords } from '#src/domain/session/kind-words.ts';
import type { ClaimProgress, Verdict } from '#src/domain/session/progress.ts';
import type { SessionEnd } from '#src/domain/session/session-end.ts';
import type { HookToRun, StatusChange, Step } from '#src/domain/session/step.ts';
import type { Target } from '#src/domain/workload/target.ts';

import type { Environment } from './environment.ts';
import type { Held } from '#src/session/holding/held.ts';
import type { CommonReads } from '#src/session/plan/namespace-reader.ts';

/** What an executor knows besides the session itself. */
export interface SessionContext {
  /** The session's BackupConfiguration. Left out if the session has none, or if `complete` still has to read it. */
  readonly configuration?: Stored<BackupConfiguration> | undefined;
  /** Milliseconds that the application may stay quiesced. Default: a minute. */
  readonly maxFreezeMs?: number | undefined;
  /** The most claims that the session may have. If left out, the default of the program applies. */
  readonly claimsPerSession?: number | undefined;
  /** Reads that executors of one namespace share. */
  readonly reads?: CommonReads | undefined;
  /** The first error of a driver ends the session. */
  readonly failFast?: boolean | undefined;
  /**
   * The executor may run the session's `--pre` and `--post` hooks, because its own command line gives the same hooks.
   */
  readonly runsGivenHooks?: boolean | undefined;
}

export interface SessionKind<S extends AnySession, Plan> {
  readonly words: KindWords;
  readonly resource: Resource<S>;
  readonly hookRecord: HookRecord<StatusOf<S>>;
  readonly hookState: (session: Stored<S>) => HookState;
  /** Returns the name of the Job that the operator creates for a session of this name. */
  readonly jobName: (session: string) => string;
  /** Milliseconds. */
  readonly timeLimitMs: (session: S, context: SessionContext) => number;
  /** Returns the workload. Undefined if the session names none. */
  readonly targetOf: (session: Stored<S>) => Target | undefined;
  /** Returns the command that continues a session. Undefined if the session names no workload. */
  readonly resumeCommand: (session: Stored<S>) => string | undefined;
  /** Returns the verdict on a session whose status is final. Undefined if there is still something to wait for. */
  readonly verdict: (session: Stored<S>, claims: readonly ClaimProgress[]) => Verdict | undefined;

  /** Reads what the context lacks. Rejects with a permanent error if that does not exist. */
  readonly complete: (
    environment: Environment,
    session: Stored<S>,
    context: SessionContext,
  ) => Promise<SessionContext>;
  /**
   * Reads the facts with which an executor creates objects. Rejects with a permanent error if the session cannot run.
   */
  readonly plan: (environment: Environment, held: Held<S>, context: SessionContext) => Promise<Plan>;
  /**
   * Whether a session whose application was resumed early can still succeed with the objects that it had created
   * before.
   */
  readonly goesOnResumed: boolean;
  /**
   * Reads the facts for an executor that creates nothing more and only ends a session. Undefined if the session has
   * created nothing.
   */
  readonly planEnd: (
    environment: Environment,
    session: Stored<S>,
    context: SessionContext,
  ) => Promise<Plan | undefined>;
  /** Returns the status of a session whose spec is invalid. If left out, such a session ends Failed. */
  readonly invalid?: (session: Stored<S>, why: string, now: Date) => StatusChange<StatusOf<S>>;
  /** Returns the status of a session that failed before its executor could read the objects of the session. */
  readonly failed: (session: Stored<S>, how: FailedSession) => StatusChange<StatusOf<S>>;

  /** Returns the hooks that this executor runs. `refused` is why it runs none; the session then fails. */
  readonly hooks: (
    environment: Environment,
    session: Stored<S>,
    plan: Plan,
    context: SessionContext,
  ) => Promise<{ readonly hooks: SessionHooks | undefined; readonly refused?: string | undefined }>;
  /** Starts to observe, for an executor, the session's objects and everything else on which the next step depends. */
  readonly observe: (scene: Scene<S, Plan>) => Scenery<S>;
  readonly makes: MadeRules<S>;
  /** Starts to observe, for a follower, the session's objects. */
  readonly watch: (
    environment: Pick<Environment, 'cluster'>,
    namespace: string,
    loop: Pick<Loop, 'signal' | 'ring'>,
  ) => Watch<S>;
}

export interface FailedSession {
  readonly end: SessionEnd;
  readonly context: SessionContext;
  readonly timeoutMs: number;
  readonly now: Date;
}

/** What an executor knows and has done so far, by which the kind decides. */
export interface Scene<S extends AnySession, Plan> {
  readonly environment: Environment;
  readonly loop: Loop;
  readonly held: Held<S>;
  readonly plan: Plan;
  readonly context: SessionContext;
  readonly timeoutMs: number;
  readonly deadline: Date | undefined;
  readonly end: SessionEnd | undefined;
  readonly onlyThaw: string | undefined;
  readonly hooks: SessionHooks | undefined;
  readonly hooksRefused: string | undefined;
  /** When this executor took the session. */
  readonly takenAt: Date;
  /** By claim: the permanent error because of which the executor can create nothing for the claim. */
  readonly refused: Map<string, string>;
  /** Claims whose object gets its second name, because an object of another session has the first. */
  readonly taken: Set<string>;
  /** Whether this executor has asked the API server to create anything. */
  readonly hasAsked: () => boolean;
}

export interface Scenery<S extends AnySession> {
  /** The session's objects. The executor creates nothing before it has seen which of them exist. */
  readonly made: Observed<KubernetesObject>;
  /** Settles when everything else on which the decisions depend has been read. */
  readonly ready?: Promise<unknown>;
  /** The workload that progress and messages name. */
  readonly target: Target | undefined;
  /** The workload whose pods run the hooks. Undefined if the session names none. */
  readonly hookTarget: Target | undefined;
  readonly maxFreezeMs: number | undefined;
  /**
   * Returns until when the executor waits, at most, to see the existing objects. `toGoOn`: it wants to create more, not
   * only to end the session.
   */
  readonly knownBy: (now: Date, toGoOn: boolean) => Date;
  readonly look: (now: Date) => {
    readonly claims: () => readonly ClaimProgress[];
    readonly step: () => Step<StatusOf<S>>;
    /** Returns the hook that the executor must run if it stops before the session's end. */
    readonly leave: () => HookToRun<StatusOf<S>> | undefined;
  };
}

/** How the executor judges an existing object with the name of one that it wants to create. */
export interface MadeRules<S extends AnySession> {
  readonly isOf: (object: KubernetesObject, session: Stored<S>) => boolean;
  /** Returns why a claim has failed after its object was deleted. */
  readonly deleted: (name: string) => string;
  /**
   * Returns why a claim has failed if another object has the wanted name. Undefined to try a second name. `again`: the
   * first name was taken, too.
   */
  readonly taken: (name: string, again: boolean) => string | undefined;
}

export interface Watch<S extends AnySession> {
  readonly made: Observed<KubernetesObject>;
  /** What else the follower reads before it judges, if the user may read it. */
  readonly beside?: readonly Observed<KubernetesObject>[];
  readonly claims: (session: Stored<S>) => readonly ClaimProgress[];
}
