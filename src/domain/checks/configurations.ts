/** Which configurations are examined. */
import { backupConfigurations } from '#src/api/resources.ts';

import { examined, whereRead, type CheckOfNamespace } from './check.ts';

export const configurations: CheckOfNamespace = {
  name: 'configurations',
  of: 'namespace',
  about: 'How many BackupConfigurations of the namespace are examined.',
  after: ['stash-api'],
  lists: [backupConfigurations],
  find: (facts) =>
    whereRead(facts.listed(backupConfigurations), () => {
      if (facts.target) return [];
      const count = examined(facts).length;
      const where = `in namespace ${facts.namespace}`;
      const message =
        count === 0
          ? `no backupconfiguration ${where}: name a TYPE/NAME to examine a workload`
          : `${count === 1 ? '1 backupconfiguration' : `${count} backupconfigurations`} ${where}`;
      return [{ level: 'ok', message }];
    }),
};
