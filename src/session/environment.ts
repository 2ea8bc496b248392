/** The environment of an executor, the same in a Job, in the operator and on the command line. */
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Progress } from '#src/domain/session/progress.ts';

export interface Environment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Aborts when the user or the kubelet stops the program. */
  readonly signal: AbortSignal;
  /** Prints or logs one line that says what the program waits for. */
  readonly tell: (line: string) => void;
  /**
   * When the command's limit passes. Left out if there is no limit. The executor may write the end of a session later.
   */
  readonly until?: Date | undefined;
  /**
   * If set, HTTP and TCP hooks may connect to pods of the target only, and the error of other hooks ends with this
   * reason. The author of a hook must not reach hosts that only the operator or the user's machine can reach. Left out
   * in a Job.
   */
  readonly podsOnly?: string | undefined;
  /** Called with the present state whenever it may have changed. */
  readonly onChange: (progress: Progress) => void;
}
