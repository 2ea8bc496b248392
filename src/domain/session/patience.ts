/**
 * How long each program waits for another after a session's deadline. The executor ends the session at the deadline.
 * The operator gives a living executor time to do so before it ends the session itself. A follower gives up last, so
 * that it does not report a session as unfinished while another program is ending it.
 */

/** For the operator, if no executor carries the session out or is about to. Allows only for clocks that differ. */
export const vacantGraceMs = 5_000;

/**
 * For the operator, if an executor carries the session out or may be about to. An executor that has lost its connection
 * waits 15 s before it judges (`lostGraceMs`) and needs up to 10 s to write; a killed executor counts as dead after 30
 * s (`deadAfterMs`).
 */
export const executorGraceMs = 30_000;

/**
 * For the operator, if it carries the session out itself: the four tries to resume an application, with their pauses,
 * take 4 min 13 s. Only an API server that does not answer can delay it longer than this.
 */
export const ownGraceMs = 5 * 60_000;

/**
 * For a follower: as long as the operator may wait, plus the time that it needs to resume the application and to write.
 */
export const followerGraceMs = executorGraceMs + 10_000;

/** For a follower: the operator sees a failed Job at once, resumes the application and writes the session's end. */
export const failedJobGraceMs = 15_000;

/**
 * For the operator: how long after the time to resume the application it resumes the application itself, even if the
 * executor may be alive. A healthy executor would have begun long before.
 */
export const overdueThawMs = 5_000;

/**
 * For the command line: milliseconds within which an operator gives a configuration or a session a status, or takes the
 * session. After that, the command line carries the session out itself (docs/operator.md). An operator is `known` if it
 * has given the session's configuration a status. The command line then waits longer, because the operator may be busy
 * or changing its leader.
 */
export const operatorAnswersMs = { known: 10_000, unknown: 2_000 } as const;
