/**
 * How long who waits for whom when a session's deadline has passed. A longer one waits for the shorter one's doing:
 * whoever carries a session out ends it at its deadline; the operator ends what nobody carries out, and stops what does
 * not end; whoever only follows gives up last, or it would speak of a session that is about to be ended.
 */

/** Nobody carries it out, and nobody is about to: only clocks that disagree have to be forgiven. */
export const vacantGraceMs = 5_000;

/**
 * Somebody carries it out, or may be about to. An executor that has lost its connection needs 15 s before it judges
 * (`lostGraceMs`) and 10 s to write; one that was killed counts as dead after 30 s (`deadAfterMs`).
 */
export const executorGraceMs = 30_000;

/** For a follower: the operator's worst usual case, and the time that it takes to thaw and to write. */
export const followerGraceMs = executorGraceMs + 10_000;

/** For a follower: a Job that failed is seen by its operator at once, which then thaws and writes. */
export const failedJobGraceMs = 15_000;

/**
 * So long after the end of a freeze, as an observer has seen it last, it is undone by the observer, though the executor
 * may live: one that lives has begun to thaw long before.
 */
export const overdueThawMs = 5_000;

/**
 * For a command line: an operator that is there gives a configuration or a session a status, or takes the session,
 * within this time (milliseconds); after it the command line carries the session out itself (docs/operator.md). An
 * operator that has given the session's configuration a status is known, and may be busy or change its leader.
 */
export const operatorAnswersMs = { known: 10_000, unknown: 2_000 } as const;
