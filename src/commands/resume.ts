import type { Stored } from '#src/api/kubernetes.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { defineCommand } from '#src/cli/command.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { nextRuns } from '#src/domain/configuration/schedule-configuration.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import { pausingFlags, setPaused } from './pause.ts';

export const command = defineCommand({
  name: 'resume',
  usage: 'resume (CONFIG... | TYPE/NAME... | --all) [flags]',
  description: `Resume the schedule of a BackupConfiguration, and print its next run. Name the BackupConfiguration, or its workload.

Runs that were due while it was paused are not made up for.`,
  examples: [
    '# Resume the schedule of a deployment\nkubectl stash resume deploy/foo',
    '# Resume all schedules of the namespace\nkubectl stash resume --all',
  ],
  flags: pausingFlags,
  positionals: { name: 'CONFIG', completes: 'configuration' },
  async run(args, context) {
    await setPaused(args, context, {
      verb: 'resume',
      refuse: placeholder,
      told: (configuration) => {
        const { name } = configuration.metadata;
        const [due] = nextRuns(configuration.spec.schedule ?? '', context.now(), 1);
        const next = due === undefined ? 'is never due' : `is due next at ${due}`;
        return [
          `backupconfiguration/${name} ${next}`,
          ...(configuration.status?.phase === undefined ? withoutOperator(configuration) : []),
        ];
      },
    });
    return undefined;
  },
});

function withoutOperator({ metadata: { name, namespace = '' } }: Stored<BackupConfiguration>): string[] {
  return [
    `warning: no operator found in namespace ${namespace}: backupconfiguration/${name} will not run until an operator is installed`,
    'hint: kubectl stash install',
  ];
}

/** Refuses the configuration that `snapshot` made: its placeholder schedule would run every New Year. */
function placeholder(configuration: Stored<BackupConfiguration>): StashError | undefined {
  if (!isPlaceholder(configuration)) return undefined;
  const { name, namespace = '' } = configuration.metadata;
  const { kind = '', name: of = '' } = configuration.spec.target?.ref ?? {};
  return new StashError('precondition', `backupconfiguration/${name} has no schedule of its own yet`, {
    hint: commandLine`kubectl stash schedule ${formatTarget({ kind, name: of })} -n ${namespace} --cron @daily --keep-last 7`,
  });
}
