/** Checks that a configuration has a schedule, and that it runs. */
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import { checkSchedule, nextRun } from '#src/domain/schedule.ts';
import { commandLine } from '#src/domain/command-line.ts';

import type { CheckOfConfiguration } from './check.ts';

export const schedule: CheckOfConfiguration = {
  name: 'schedule',
  of: 'configuration',
  about: 'The configuration has a schedule that is not paused. Says when it is due next.',
  lists: [backupConfigurations],
  after: ['configuration-valid'],
  find(facts, configuration) {
    const { name, namespace = '' } = configuration.metadata;
    const { schedule = '', paused = false } = configuration.spec;
    if (isPlaceholder(configuration)) {
      return [{ level: 'ok', message: 'it has no schedule: snapshots are taken by hand' }];
    }
    if (paused) {
      const fix = commandLine`kubectl stash resume ${name} -n ${namespace}`;
      return [{ level: 'warn', message: 'it is paused: its schedule does not run', fix }];
    }
    if (checkSchedule(schedule) !== undefined) return [];
    const next = nextRun(schedule, facts.now);
    return [{ level: 'ok', message: `due next at ${next?.toISOString() ?? 'no time'}` }];
  },
};
