/** Combines the errors of parallel work. */
import { StashError } from '#src/errors.ts';

/** One error with the kind of the first, and each message and hint once, a line each. Undefined for no errors. */
export function combineErrors(errors: readonly StashError[]): StashError | undefined {
  const [first, ...others] = errors;
  if (first === undefined || others.length === 0) return first;
  const hints = new Set(errors.flatMap(({ hint }) => hint?.split('\n') ?? []));
  return new StashError(first.kind, [...new Set(errors.map(({ message }) => message))].join('\n'), {
    hint: hints.size === 0 ? undefined : [...hints].join('\n'),
    cause: first,
  });
}
