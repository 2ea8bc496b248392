/** Keeps a check that may find thousands of objects to a few lines. */
import type { Finding } from '#src/domain/finding.ts';

/** So many objects have a finding each; if there are more, one finding counts them. */
const mostTold = 3;

/** The first of them, and at the level of the first, how many more there are. */
export function fewOf<F extends Finding>(findings: readonly F[], more: (rest: number) => string): F[] {
  const [first] = findings;
  const rest = findings.length - mostTold;
  if (first === undefined || rest <= 0) return [...findings];
  return [...findings.slice(0, mostTold), { ...first, message: more(rest), hint: undefined, fix: undefined }];
}

/** The first name, and how many more there are: `data-1 and 2 more`. */
export function firstOf(names: readonly string[]): string {
  const [first = ''] = names;
  return names.length > 1 ? `${first} and ${names.length - 1} more` : first;
}
