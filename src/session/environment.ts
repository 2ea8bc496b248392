/** The world as an executor sees it; it is the same in a Job, in the operator and on the command line. */
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Progress } from '#src/domain/session/progress.ts';

export interface Environment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Aborts when the user, or the kubelet, stops the program. */
  readonly signal: AbortSignal;
  /** Tells the user, or the log, what the program waits for; one line. */
  readonly tell: (line: string) => void;
  /** When the command's limit passes; left out: it has none. The end of a session may be written later. */
  readonly until?: Date | undefined;
  /**
   * HTTP and TCP hooks may connect to pods of the target only, and this is what their message says of it. The author of
   * a hook must not reach hosts that only the operator, or the machine of the user, can reach. Left out in a Job.
   */
  readonly podsOnly?: string | undefined;
  /** Called with the present state whenever it may have changed. */
  readonly onChange: (progress: Progress) => void;
}
