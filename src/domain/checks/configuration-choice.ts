/** Whether a snapshot that the command line takes of the target has a configuration to run under. */
import { backupConfigurations } from '#src/api/resources.ts';
import { configurationFor } from '#src/domain/configuration/choose-configuration.ts';

import { whereRead, type CheckOfTarget } from './check.ts';

export const configurationChoice: CheckOfTarget = {
  name: 'configuration',
  of: 'target',
  about: 'It is clear under which BackupConfiguration a snapshot of the target runs.',
  after: ['stash-api', 'configurations'],
  lists: [backupConfigurations],
  find: ({ listed }, { target }) =>
    whereRead(listed(backupConfigurations), (configurations) => {
      const choice = configurationFor(configurations, target);
      // `--config` gets around it, and schedules are not concerned.
      if ('failure' in choice) return [{ ...choice.failure, level: 'warn' }];
      const message =
        choice.value === undefined
          ? 'no backupconfiguration is for it: a snapshot makes one'
          : `snapshots run under backupconfiguration/${choice.value.metadata.name}`;
      return [{ level: 'ok', message }];
    }),
};
