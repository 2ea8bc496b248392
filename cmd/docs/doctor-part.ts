/** The checks of `doctor`, for docs/reference/doctor.md. */
import type { Check } from '#src/domain/checks/check.ts';
import { checks } from '#src/domain/checks/index.ts';
import { formatRight } from '#src/domain/rights.ts';

import { code, prose } from './markdown.ts';

const subjects: Readonly<Record<Check['of'], string>> = {
  cluster: 'the cluster',
  namespace: 'a namespace',
  configuration: 'a BackupConfiguration',
  target: 'a target',
};

/** A section for each check, in the order in which they run. */
export function checksPart(): string {
  return checks.map(sectionOf).join('\n\n');
}

function sectionOf({ name, of, about, lists = [], rights = [], after = [] }: Check): string {
  const needed = [...lists.map((resource) => ({ verb: 'list', resource }) as const), ...rights];
  const facts = [
    ['About', subjects[of]],
    ['Rights', [...new Set(needed.map(formatRight))].map(code).join(', ')],
    ['Not after a failure of', after.map((cause) => `[${cause}](#${cause})`).join(', ')],
  ].flatMap(([label, value]) => (value === '' ? [] : [`- ${label}: ${value}`]));
  return [`### ${name}`, prose(about), facts.join('\n')].join('\n\n');
}
