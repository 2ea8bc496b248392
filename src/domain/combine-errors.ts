/** Several things went wrong side by side. */
import { StashError } from '#src/errors.ts';

/** One error that tells them all, line by line, each line once; its exit code is the first one's. Undefined where there is none. */
export function combineErrors(errors: readonly StashError[]): StashError | undefined {
  const [first, ...others] = errors;
  if (first === undefined || others.length === 0) return first;
  const hints = new Set(errors.flatMap(({ hint }) => hint?.split('\n') ?? []));
  return new StashError(first.kind, [...new Set(errors.map(({ message }) => message))].join('\n'), {
    hint: hints.size === 0 ? undefined : [...hints].join('\n'),
    cause: first,
  });
}
