/** Checks that the target of a configuration, or of the command line, exists. */
import { commandLine } from '#src/domain/command-line.ts';
import { failure } from '#src/domain/finding.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { targetKinds, targetTypes } from '#src/domain/workload/kinds.ts';

import { whereRead, type CheckOfTarget } from './check.ts';

export const targetExists: CheckOfTarget = {
  name: 'target',
  of: 'target',
  about: 'The target of the configuration, or of the command line, exists.',
  rights: targetKinds.map((kind) => ({ verb: 'get', resource: targetTypes[kind].resource }) as const),
  find(_, { target, object }) {
    const { kind, namespace } = target;
    return whereRead(object, (found) => {
      if (found) return [{ level: 'ok', message: `${formatTarget(target)} exists` }];
      return [
        failure('not-found', `${formatTarget(target)} does not exist in namespace ${namespace}`, {
          hint: commandLine`kubectl get ${targetTypes[kind].resource.plural} -n ${namespace}`,
        }),
      ];
    });
  },
};
