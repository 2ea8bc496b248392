/** Distinguishes permanent errors from transient ones. */
import { isStashError, type StashError } from '#src/errors.ts';

/** Whether the session asks for something that does not exist, is not allowed or is invalid, so that no retry helps. */
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

/**
 * Whether the request was valid, but an outage, another client or an interruption came in between, so that a retry may
 * succeed.
 */
export function isTransient(error: unknown): boolean {
  return isStashError(error, 'unreachable', 'server', 'conflict', 'interrupted', 'session-failed');
}
