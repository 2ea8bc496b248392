/** Whether the CronJob is there that begins the sessions of a schedule. */
import type { Stored } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { backupConfigurations, cronJobs } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { operatorAnswersMs } from '#src/domain/session/patience.ts';
import { cronJobName } from '#src/domain/workload/names.ts';

import { whereRead, type CheckOfConfiguration, type Facts } from './check.ts';
import { ageMs } from './snapshot-answers.ts';

export const cronJob: CheckOfConfiguration = {
  name: 'cron-job',
  of: 'configuration',
  about:
    "The operator's CronJob of the schedule exists and is not suspended. Without an operator of ours there is none to look for.",
  lists: [backupConfigurations, cronJobs],
  after: ['operator', 'configuration-valid'],
  find(facts, configuration) {
    const { paused = false } = configuration.spec;
    const { lease } = facts.operator;
    const isOurs =
      'value' in lease && lease.value !== undefined && !facts.groups.includes(appscodeOperatorGroup);
    if (!isOurs || paused || isPlaceholder(configuration)) return [];
    if (ageMs(configuration, facts.now) < operatorAnswersMs.known) return [];
    return judge(facts, configuration);
  },
};

function judge({ listed }: Facts, { metadata }: Stored<BackupConfiguration>): Finding[] {
  const { namespace = '' } = metadata;
  const name = cronJobName(metadata.name);
  return whereRead(listed(cronJobs), (all) => {
    const found = all.find((each) => each.metadata.name === name);
    if (found === undefined) {
      return [
        failure('precondition', `cronjob ${name} does not exist: the schedule does not run`, {
          hint: commandLine`kubectl describe backupconfiguration ${metadata.name} -n ${namespace}`,
        }),
      ];
    }
    if (found.spec.suspend === true) {
      return [
        failure('precondition', `cronjob ${name} is suspended, and its configuration is not paused`, {
          fix: commandLine`kubectl patch cronjob ${name} -n ${namespace} --type=merge -p ${JSON.stringify({ spec: { suspend: false } })}`,
        }),
      ];
    }
    return [{ level: 'ok', message: `cronjob ${name} begins its sessions` }];
  });
}
