/** Combines the errors of parallel work. */
import { StashError } from '#src/errors.ts';

/**
 * Returns one error with the kind of the first, and each message and hint once, one per line. The kind of claims that
 * wait for their first pod counts only if there are no other errors. Returns undefined for no errors.
 */
export function combineErrors(errors: readonly StashError[]): StashError | undefined {
  const first = errors.find(({ kind }) => kind !== 'waiting-for-consumer') ?? errors[0];
  if (first === undefined || errors.length === 1) return first;
  const hints = new Set(errors.flatMap(({ hint }) => hint?.split('\n') ?? []));
  return new StashError(first.kind, [...new Set(errors.map(({ message }) => message))].join('\n'), {
    hint: hints.size === 0 ? undefined : [...hints].join('\n'),
    cause: first,
  });
}
