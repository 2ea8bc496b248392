/** Builds the first status of a restore in place that has nothing to stage. */
import type { RestoreSession, StatusOf } from '#src/api/stash.ts';
import type { StatusChange } from '#src/domain/session/step.ts';

import type { InPlaceRecord } from './record.ts';

/** `timeoutMs` are the milliseconds from `now` to the deadline. */
export function startedSwap(
  now: Date,
  timeoutMs: number,
  { claims }: InPlaceRecord,
): StatusChange<StatusOf<RestoreSession>> {
  return (present) => ({
    ...present,
    phase: 'Running',
    sessionDeadline: new Date(now.getTime() + timeoutMs).toISOString(),
    totalHosts: claims.length,
  });
}
