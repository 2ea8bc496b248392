/** Whether the CronJob is there that begins the sessions of a schedule. */
import type { CronJob, Stored } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { backupConfigurations, cronJobs } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { operatorAnswersMs } from '#src/domain/session/patience.ts';
import { startingDeadlineSeconds } from '#src/domain/operator/build-cron-job.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { cronJobName } from '#src/domain/workload/names.ts';

import { whereRead, type CheckOfConfiguration, type Facts } from './check.ts';
import { ageMs } from './snapshot-answers.ts';

export const cronJob: CheckOfConfiguration = {
  name: 'cron-job',
  of: 'configuration',
  about:
    "The operator's CronJob of the schedule exists, is not suspended, and runs when the configuration says: with its schedule, without a time zone of its own, and with a startingDeadlineSeconds of at least ten, as Kubernetes misses runs with a shorter one. Without an operator of ours there is none to look for.",
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

function judge({ listed }: Facts, { metadata, spec }: Stored<BackupConfiguration>): Finding[] {
  const { namespace = '' } = metadata;
  const { schedule = '' } = spec;
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
    const differences = differencesOf(found, schedule).map(({ how, spec: patch }) =>
      failure('precondition', sanitize(`cronjob ${name} ${how}`), {
        fix: commandLine`kubectl patch cronjob ${name} -n ${namespace} --type=merge -p ${JSON.stringify({ spec: patch })}`,
      }),
    );
    if (differences.length > 0) return differences;
    return [{ level: 'ok', message: `cronjob ${name} begins its sessions` }];
  });
}

interface Difference {
  readonly how: string;
  /** A merge patch of the CronJob's spec. */
  readonly spec: object;
}

/** Kubernetes looks at CronJobs every ten seconds, and misses runs whose deadline is shorter. */
const shortestDeadlineSeconds = 10;

function differencesOf({ spec }: CronJob, schedule: string): Difference[] {
  const { timeZone, startingDeadlineSeconds: deadline = Infinity } = spec;
  return [
    spec.suspend === true && {
      how: 'is suspended, and its configuration is not paused',
      spec: { suspend: false },
    },
    spec.schedule !== schedule && {
      how: `has schedule ${JSON.stringify(spec.schedule)}, and its configuration ${JSON.stringify(schedule)}`,
      spec: { schedule },
    },
    timeZone !== undefined && {
      how: `goes by time zone ${timeZone}, and its configuration names none`,
      spec: { timeZone: null },
    },
    deadline < shortestDeadlineSeconds && {
      how: `has startingDeadlineSeconds ${deadline}: Kubernetes may miss its runs`,
      spec: { startingDeadlineSeconds },
    },
  ].filter((each) => each !== false);
}
