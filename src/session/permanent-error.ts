/** Errors that trying again does not mend. */
import { isStashError, type StashError } from '#src/errors.ts';

/** What a session asks for is not there, not allowed, or makes no sense: it has failed. */
export function isPermanent(error: unknown): error is StashError {
  return isStashError(error, 'precondition', 'not-found', 'invalid', 'forbidden', 'usage', 'already-exists');
}

/** Nothing is wrong with what was asked for; somebody or something came in between. */
export function isTransient(error: unknown): boolean {
  return isStashError(error, 'unreachable', 'server', 'conflict', 'interrupted', 'session-failed');
}
