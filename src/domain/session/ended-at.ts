/** When a session ended: its status says only how long it took. */
import { parseDuration } from '#src/domain/duration.ts';
import { createdAt, type Session } from './session-status.ts';

/** By the server's clock; undefined where it does not say. */
export function endedAt(session: Session): Date | undefined {
  const took = parseDuration(session.status?.sessionDuration ?? '');
  return took === undefined ? undefined : new Date(createdAt(session).getTime() + took);
}
