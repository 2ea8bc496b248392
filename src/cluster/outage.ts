/** When to tell the user that a watch has lost the API server. */
import { slowAnswerMs } from './slow-answer.ts';

export interface Told {
  /** Why the connection is lost, at the time to tell it. */
  readonly why?: string;
  /** When to look again; left out: at the next change. */
  readonly until?: Date;
}

/** Returns what tells once of each outage that lasts 5 s. To be called at each change with what `Observed.lost` says. */
export function tellOutages(): (lost: string | undefined, now: Date) => Told {
  let since: Date | undefined;
  let isTold = false;
  return (lost, now) => {
    if (lost === undefined) {
      since = undefined;
      isTold = false;
      return {};
    }
    since ??= now;
    if (isTold) return {};
    const until = new Date(since.getTime() + slowAnswerMs);
    if (now < until) return { until };
    isTold = true;
    return { why: lost };
  };
}
