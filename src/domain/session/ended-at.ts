/** Computes when a session ended: its status records only how long it took. */
import { parseDuration } from '#src/domain/duration.ts';
import { createdAt, type Session } from './session-status.ts';

/** Returns a time by the API server's clock. Undefined if the status has no duration. */
export function endedAt(session: Session): Date | undefined {
  const took = parseDuration(session.status?.sessionDuration ?? '');
  return took === undefined ? undefined : new Date(createdAt(session).getTime() + took);
}
