/** The progress of a session, claim by claim. Executors decide by it, and followers show it. */
import type { KindWords } from './kind-words.ts';
import type { ClaimPhase } from './roll-up.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface ClaimProgress {
  readonly claim: string;
  readonly phase: ClaimPhase;
  /** The VolumeSnapshot that the session takes or restores, if its name is known. */
  readonly snapshot?: string | undefined;
  /** A quantity: `1Gi`. */
  readonly size?: string | undefined;
  /** One line: what the claim waits for, the last report about it, or why it failed. */
  readonly message?: string | undefined;
  /** By the API server's clock. */
  readonly startedAt?: Date | undefined;
}

export interface Progress {
  readonly kind: KindWords;
  readonly session: string;
  readonly target: Target | undefined;
  readonly namespace: string;
  /** `status.phase` of the session. Undefined before an executor has started it. */
  readonly statusPhase: string | undefined;
  readonly claims: readonly ClaimProgress[];
  readonly startedAt: Date;
  readonly deadline: Date;
  /** Notes that concern no single claim: a Job that waits, a lost connection. */
  readonly notes: readonly string[];
  /** Set when nothing more will happen. */
  readonly verdict?: Verdict | undefined;
}

export type Outcome =
  'succeeded' | 'failed' | 'skipped' | 'unknown' | 'timed-out' | 'waiting-for-consumer' | 'deleted';

export interface Verdict {
  readonly outcome: Outcome;
  /** One line, without the session's name: `data-db-1: not ready after 10m`. */
  readonly message: string;
  /** The object that the user should `kubectl describe`, if it is not a claim: `job/stash-vs-db-1`. */
  readonly culprit?: string | undefined;
}

/** `data-0: disk full` · `data-0, data-2: disk full; data-1: not ready after 10m`: each cause once. */
export function describe(claims: readonly ClaimProgress[]): string {
  const causes = Map.groupBy(claims, ({ phase, message }) => message ?? phase.toLowerCase());
  return [...causes].map(([cause, of]) => `${of.map(({ claim }) => claim).join(', ')}: ${cause}`).join('; ');
}

/** Returns the names of the claims for which nothing has been created yet. */
export function pendingClaims(claims: readonly ClaimProgress[]): ReadonlySet<string> {
  return new Set(claims.filter(({ phase }) => phase === 'Pending').map(({ claim }) => claim));
}
