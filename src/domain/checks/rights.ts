/** Checks that the user has the rights that sessions need. */
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Failure, type Finding } from '#src/domain/finding.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';

import type { CheckOfNamespace } from './check.ts';

export const rights: CheckOfNamespace = {
  name: 'rights',
  of: 'namespace',
  about: 'The user has the rights that snapshot and restore need in the namespace.',
  find({ missing, user, namespace }) {
    return [...missing].flatMap(([command, lacking]): Finding[] => {
      const message = `user "${user}" has the rights that ${command} needs in namespace ${namespace}`;
      if (lacking.length === 0) return [{ level: 'ok', message }];
      const why = `, which ${command} needs`;
      return lackedRights(lacking, user, namespace).map((each) => ({ ...each, message: each.message + why }));
    });
  },
};

/** Returns one failure 'forbidden' that names all missing rights, or none. */
export function lackedRights(missing: readonly Right[], user: string, namespace: string): Failure[] {
  const [first, ...others] = missing;
  if (first === undefined) return [];
  const more = others.map((right) => `, ${formatRight(right)}`).join('');
  return [
    failure('forbidden', `user "${user}" may not ${formatRight(first)}${more} in namespace ${namespace}`, {
      hint: commandLine`kubectl auth can-i --list -n ${namespace}`,
      right: first,
    }),
  ];
}
