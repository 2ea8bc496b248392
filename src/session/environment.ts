/** What the routine is given: never the command line's Context. */
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Progress } from '#src/domain/session/progress.ts';

export interface Environment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Aborts when whoever runs the program wants to stop. */
  readonly signal: AbortSignal;
  /**
   * Hooks that are requests go to pods of the target only: whoever wrote one must not reach what this process can.
   */
  readonly podsOnly?: boolean;
  /** Called with the present state whenever it may have changed. */
  readonly onChange: (progress: Progress) => void;
}
