/** Tells permanent errors from transient ones. */
import { isStashError, type StashError } from '#src/errors.ts';

/** The session asks for something that does not exist, is not allowed or is invalid: no retry helps. */
export function isPermanent(error: unknown): error is StashError {
  return isStashError(
    error,
    'precondition',
    'no-claims',
    'not-found',
    'invalid',
    'forbidden',
    'usage',
    'already-exists',
  );
}

/** The request was valid, but an outage, another client or an interruption came in between: a retry may succeed. */
export function isTransient(error: unknown): boolean {
  return isStashError(error, 'unreachable', 'server', 'conflict', 'interrupted', 'session-failed');
}
