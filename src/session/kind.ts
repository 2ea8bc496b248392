/**
 * One kind of session: all in which a backup and a restore differ for an executor that carries a session out, for a
 * follower that watches it, and for the operator that ends it. A new kind is one more value of `SessionKind`.
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

/** What an executor knows of a session beside the session itself. */
export interface SessionContext {
  /** The session's BackupConfiguration; left out: there is none, or it has to be read first. */
  readonly configuration?: Stored<BackupConfiguration> | undefined;
  /** Milliseconds that the application may stay quiesced; left out: a minute. */
  readonly maxFreezeMs?: number | undefined;
  /** Reads that executors of one namespace share. */
  readonly reads?: CommonReads | undefined;
  /** The first error of a driver ends the session. */
  readonly failFast?: boolean | undefined;
  /** The executor may run hooks that were given on a command line, because the same command line gives them again. */
  readonly runsGivenHooks?: boolean | undefined;
}

export interface SessionKind<S extends AnySession, Plan> {
  readonly words: KindWords;
  readonly resource: Resource<S>;
  readonly hookRecord: HookRecord<StatusOf<S>>;
  readonly hookState: (session: Stored<S>) => HookState;
  /** The name of the Job that the operator makes for a session of this name. */
  readonly jobName: (session: string) => string;
  /** Milliseconds. */
  readonly timeLimitMs: (session: S, context: SessionContext) => number;
  /** The workload; undefined where the session names none. */
  readonly targetOf: (session: Stored<S>) => Target | undefined;
  /** The command that goes on with a session; undefined where the session does not say of what it is. */
  readonly resumeCommand: (session: Stored<S>) => string | undefined;
  /** Of a session whose status is final. Undefined: there is still something to wait for. */
  readonly verdict: (session: Stored<S>, claims: readonly ClaimProgress[]) => Verdict | undefined;

  /** Reads what of the context is missing. Throws a permanent error where it does not exist. */
  readonly complete: (
    environment: Environment,
    session: Stored<S>,
    context: SessionContext,
  ) => Promise<SessionContext>;
  /** Reads what an executor needs to create. Throws a permanent error where the session cannot be carried out. */
  readonly plan: (environment: Environment, held: Held<S>, context: SessionContext) => Promise<Plan>;
  /** Whether a session can still succeed whose application is resumed early: what was made before then counts. */
  readonly goesOnResumed: boolean;
  /** What an executor that creates nothing more needs to end a session; undefined: nothing can have been made. */
  readonly planEnd: (
    environment: Environment,
    session: Stored<S>,
    context: SessionContext,
  ) => Promise<Plan | undefined>;
  /** The status of a session that can never be carried out as it is; left out: such a session has failed. */
  readonly invalid?: (session: Stored<S>, why: string, now: Date) => StatusChange<StatusOf<S>>;
  /** The status of a session that failed without anybody having looked at what it made. */
  readonly failed: (session: Stored<S>, how: FailedSession) => StatusChange<StatusOf<S>>;

  /** `refused`: why the session's hooks are not run, which is why it fails. */
  readonly hooks: (
    environment: Environment,
    session: Stored<S>,
    plan: Plan,
    context: SessionContext,
  ) => Promise<{ readonly hooks: SessionHooks | undefined; readonly refused?: string | undefined }>;
  /** Starts to observe, for an executor, what the session makes and all that decides on its next step. */
  readonly observe: (scene: Scene<S, Plan>) => Scenery<S>;
  readonly makes: MadeRules<S>;
  /** Starts to observe, for a follower, what the session makes. */
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

/** What an executor knows and has done so far, for the kind to decide on. */
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
  /** By claim: why nothing can be made for it, whatever is tried again. */
  readonly refused: Map<string, string>;
  /** Claims whose object's first name belongs to another session. */
  readonly taken: Set<string>;
  /** Whether this executor has asked the API server to create anything. */
  readonly hasAsked: () => boolean;
}

export interface Scenery<S extends AnySession> {
  /** What the session makes; nothing is made before it is known what was made already. */
  readonly made: Observed<KubernetesObject>;
  /** Settles once all else is known that has to be known before anything is judged. */
  readonly ready?: Promise<unknown>;
  /** The workload that people read. */
  readonly target: Target | undefined;
  /** The workload whose pods run the hooks; undefined where the session names none. */
  readonly hookTarget: Target | undefined;
  readonly maxFreezeMs: number | undefined;
  /** Until when the executor waits, at most, to learn what was made; `toGoOn`: to make more, not only to end. */
  readonly knownBy: (now: Date, toGoOn: boolean) => Date;
  readonly look: (now: Date) => {
    readonly claims: () => readonly ClaimProgress[];
    readonly step: () => Step<StatusOf<S>>;
    /** The hook that an executor owes that stops before the session's end. */
    readonly leave: () => HookToRun<StatusOf<S>> | undefined;
  };
}

/** What the executor says of objects that it creates, or finds in their place. */
export interface MadeRules<S extends AnySession> {
  readonly isOf: (object: KubernetesObject, session: Stored<S>) => boolean;
  /** Why a claim has failed whose object was deleted. */
  readonly deleted: (name: string) => string;
  /** Why a claim has failed whose object's name is taken; `again`: another name was taken before. Undefined: try another. */
  readonly taken: (name: string, again: boolean) => string | undefined;
}

export interface Watch<S extends AnySession> {
  readonly made: Observed<KubernetesObject>;
  /** What must be known, too, before anything is judged; a user who may not read it does without. */
  readonly beside?: readonly Observed<KubernetesObject>[];
  readonly claims: (session: Stored<S>) => readonly ClaimProgress[];
}
