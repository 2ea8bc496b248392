/** Limits a check that may find thousands of objects to a few lines. */
import type { Finding } from '#src/domain/finding.ts';

/** The number of findings that are reported one by one. */
const mostTold = 3;

/** Returns the first few findings, and one that says how many more there are, at the level of the first. */
export function fewOf<F extends Finding>(findings: readonly F[], more: (rest: number) => string): F[] {
  const [first] = findings;
  const rest = findings.length - mostTold;
  if (first === undefined || rest <= 0) return [...findings];
  return [...findings.slice(0, mostTold), { ...first, message: more(rest), hint: undefined, fix: undefined }];
}

/** Returns the first name and how many more there are: `data-1 and 2 more`. */
export function firstOf(names: readonly string[]): string {
  const [first = ''] = names;
  return names.length > 1 ? `${first} and ${names.length - 1} more` : first;
}
