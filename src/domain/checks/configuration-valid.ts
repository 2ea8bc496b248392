/** Whether sessions of a configuration can run. */
import { commandLine } from '#src/domain/command-line.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { checkConfiguration, type ConfigurationCheck } from '#src/domain/operator/check-configuration.ts';
import type { ErrorKind } from '#src/errors.ts';

import type { CheckOfConfiguration } from './check.ts';

export const configurationValid: CheckOfConfiguration = {
  name: 'configuration-valid',
  of: 'configuration',
  about: 'Sessions of the configuration can run: its fields are valid, and its operator says Ready.',
  after: ['stash-api'],
  lists: [backupConfigurations],
  find(_, configuration) {
    const { name, namespace = '' } = configuration.metadata;
    const check = checkConfiguration(configuration);
    const hint = commandLine`kubectl edit backupconfiguration ${name} -n ${namespace}`;
    const findings = configurationFindings(check, 'precondition', hint);
    if (check.problems.length > 0) return findings;
    return [...findings, byStatus(configuration)];
  },
};

/** A failure for each problem, a warning for each warning. */
export function configurationFindings(
  { problems, warnings }: ConfigurationCheck,
  kind: ErrorKind,
  hint: string,
): Finding[] {
  return [
    ...problems.map((problem) => failure(kind, problem, { hint })),
    ...warnings.map((message) => ({ level: 'warn', message, hint }) as const),
  ];
}

/** What its operator says of it. */
function byStatus({ metadata, status }: Stored<BackupConfiguration>): Finding {
  if (status?.phase === undefined || status.phase === 'Ready') return { level: 'ok', message: 'it is valid' };
  const why = (status.conditions ?? []).find((condition) => condition.status === 'False');
  return failure('precondition', `its operator says ${status.phase}: ${conditionWords(why) ?? 'no reason'}`, {
    hint: commandLine`kubectl describe backupconfiguration ${metadata.name} -n ${metadata.namespace ?? ''}`,
  });
}
