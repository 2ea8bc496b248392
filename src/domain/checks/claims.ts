/** Checks that the target has claims, and that all of them are bound. */
import { persistentVolumeClaims } from '#src/api/resources.ts';
import { checkClaims } from '#src/domain/workload/claims.ts';

import type { CheckOfTarget } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';

export const claims: CheckOfTarget = {
  name: 'claims',
  of: 'target',
  about: 'The target has claims, and all of them exist, are bound and are not being deleted.',
  lists: [persistentVolumeClaims],
  find: (facts, subject) =>
    whereClaims(facts, subject, (names, existing) => {
      const problems = checkClaims(subject.target, names, existing);
      if (problems.length > 0) return problems;
      const [first = '', ...others] = names;
      const message =
        others.length === 0 ? `claim ${first} is bound` : `all ${names.length} claims are bound`;
      return [{ level: 'ok', message }];
    }),
};
