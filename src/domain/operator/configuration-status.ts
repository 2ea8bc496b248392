/** What the status of a BackupConfiguration says, and which Events its changes are worth. */
import type { Condition } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupConfigurationPhase } from '#src/api/stash.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import type { ConfigurationCheck } from './check-configuration.ts';

export type Status = NonNullable<BackupConfiguration['status']>;

/** Whether the target is there. */
export type TargetSight = 'found' | 'absent' | { readonly unknown: string };

export interface ConfigurationFindings {
  readonly check: ConfigurationCheck;
  readonly target: Target | undefined;
  readonly sight: TargetSight;
  /** `made`, `unmade` until the target is there, or why it cannot be made. */
  readonly cronJob: 'made' | 'unmade' | { readonly trouble: string };
}

/** Of the three conditions, those that can be told; conditions of others are kept. */
export function configurationStatus(
  configuration: BackupConfiguration,
  findings: ConfigurationFindings,
  now: Date,
): Status {
  const { status: before, metadata } = configuration;
  const told = tell(findings);
  const at = now.toISOString();
  const conditions = told.map((condition) => {
    const known = before?.conditions?.find(({ type }) => type === condition.type);
    const lastTransitionTime = known?.status === condition.status ? (known.lastTransitionTime ?? at) : at;
    return { ...condition, lastTransitionTime };
  });
  const others = (before?.conditions ?? []).filter(({ type }) => !ownTypes.includes(type));
  return {
    ...before,
    phase: phaseOf(told),
    observedGeneration: metadata.generation ?? 0,
    conditions: [...conditions, ...others],
  };
}

const ownTypes = ['ValidationPassed', 'BackupTargetFound', 'CronJobCreated'];

function tell({ check, target, sight, cronJob }: ConfigurationFindings): Condition[] {
  if (target === undefined || check.problems.length > 0) {
    const message = check.problems.join('; ');
    return [{ type: 'ValidationPassed', status: 'False', reason: 'ResourceValidationFailed', message }];
  }
  return [
    {
      type: 'ValidationPassed',
      status: 'True',
      reason: 'ResourceValidationPassed',
      message: 'the configuration is valid',
    },
    targetFound(target, sight),
    ...(cronJob === 'unmade' ? [] : [cronJobCreated(cronJob)]),
  ];
}

function targetFound(target: Target, sight: TargetSight): Condition {
  const type = 'BackupTargetFound';
  const name = formatTarget(target);
  switch (sight) {
    case 'found':
      return { type, status: 'True', reason: 'TargetAvailable', message: `${name} is there` };
    case 'absent':
      return {
        type,
        status: 'False',
        reason: 'TargetNotAvailable',
        message: `${name} does not exist in namespace ${target.namespace}; backups begin once it does`,
      };
    default:
      return {
        type,
        status: 'False',
        reason: 'UnableToCheckTargetAvailability',
        message: `whether ${name} is there cannot be told: ${sight.unknown}`,
      };
  }
}

function cronJobCreated(made: Exclude<ConfigurationFindings['cronJob'], 'unmade'>): Condition {
  const type = 'CronJobCreated';
  return made === 'made'
    ? { type, status: 'True', reason: 'CronJobCreationSucceeded', message: 'the CronJob is there' }
    : { type, status: 'False', reason: 'CronJobCreationFailed', message: made.trouble };
}

function phaseOf(told: readonly Condition[]): BackupConfigurationPhase {
  if (told.some(({ type, status }) => type === 'ValidationPassed' && status === 'False')) return 'Invalid';
  const allTrue = told.length === ownTypes.length && told.every(({ status }) => status === 'True');
  return allTrue ? 'Ready' : 'NotReady';
}

export interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

const reasonsOfEvents: Readonly<Record<string, string>> = {
  ResourceValidationFailed: 'ValidationFailed',
  TargetNotAvailable: 'TargetNotFound',
};

/** Of conditions that came to be false, or say why in other words, and of a configuration that became Ready. */
export function eventsOfStatus(before: Status | undefined, after: Status): Told[] {
  const failing = (after.conditions ?? []).filter(({ type, status, message }) => {
    const known = before?.conditions?.find((condition) => condition.type === type);
    const isNew = known?.status !== status || known.message !== message;
    return ownTypes.includes(type) && status === 'False' && isNew;
  });
  const troubles = failing.map(({ reason = '', message = '' }): Told => ({
    type: 'Warning',
    reason: reasonsOfEvents[reason] ?? reason,
    message,
  }));
  if (after.phase !== 'Ready' || before?.phase === 'Ready') return troubles;
  return [{ type: 'Normal', reason: 'BackupConfigurationReady', message: 'backups run as scheduled' }];
}
