/** Whether the user could run the hooks of a configuration, if no operator runs them. */
import { pods } from '#src/api/resources.ts';
import { commandOf } from '#src/domain/hooks/hooks.ts';

import type { CheckOfConfiguration } from './check.ts';
import { lackedRights } from './rights.ts';

export const hookRights: CheckOfConfiguration = {
  name: 'hook-rights',
  of: 'configuration',
  about:
    "The user may run commands in pods, if the configuration has hooks that are commands: `snapshot` needs it where the command line carries the session out. An operator's Jobs have rights of their own.",
  rights: [
    { verb: 'list', resource: pods },
    { verb: 'get', resource: pods, subresource: 'exec' },
    { verb: 'create', resource: pods, subresource: 'exec' },
  ],
  after: ['configuration-valid'],
  find({ missingForHooks, user, namespace }, { spec: { hooks } }) {
    const isCommand = [hooks?.preBackup, hooks?.postBackup].some((hook) => hook && commandOf(hook));
    if (!isCommand) return [];
    const lacked = lackedRights(missingForHooks, user, namespace);
    if (lacked.length === 0)
      return [{ level: 'ok', message: `user "${user}" may run the commands of its hooks` }];
    return lacked.map(({ message, hint, right }) => ({
      ...{ level: 'warn', hint, right },
      message: `${message}: only an operator can run its hooks`,
    }));
  },
};
