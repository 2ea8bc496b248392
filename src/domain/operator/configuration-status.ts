/** Builds the status of a BackupConfiguration, and the Events about its changes. */
import { stashCondition } from '#src/api/conditions.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import type { Condition } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupConfigurationPhase } from '#src/api/stash.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import type { ConfigurationCheck } from './check-configuration.ts';

export type Status = NonNullable<BackupConfiguration['status']>;

/** Whether the target exists. `unknown` is why the API server could not say. */
export type TargetSight = 'found' | 'absent' | { readonly unknown: string };

export interface ConfigurationFindings {
  readonly check: ConfigurationCheck;
  readonly target: Target | undefined;
  readonly sight: TargetSight;
  /** `made`; `unmade` before the target exists; `none` without a schedule; or why it cannot be created. */
  readonly cronJob: 'made' | 'unmade' | 'none' | { readonly trouble: string };
}

/** Returns the status with those of our three conditions that are known. Conditions of other controllers stay. */
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
    phase: phaseOf(told, findings.cronJob === 'none' ? 2 : 3),
    observedGeneration: metadata.generation ?? 0,
    conditions: [...conditions, ...others],
  };
}

const { valid, invalid, backupTargetFound, backupTargetAbsent, backupTargetUnknown } = stashCondition;
const { cronJobCreated, cronJobNotCreated } = stashCondition;

const ownTypes: readonly string[] = [valid.type, backupTargetFound.type, cronJobCreated.type];

function tell({ check, target, sight, cronJob }: ConfigurationFindings): Condition[] {
  if (target === undefined || check.problems.length > 0) {
    return [{ ...invalid, message: check.problems.join('; ') }];
  }
  return [
    { ...valid, message: 'the configuration is valid' },
    aboutTarget(target, sight),
    ...(cronJob === 'unmade' || cronJob === 'none' ? [] : [aboutCronJob(cronJob)]),
  ];
}

function aboutTarget(target: Target, sight: TargetSight): Condition {
  const name = formatTarget(target);
  switch (sight) {
    case 'found':
      return { ...backupTargetFound, message: `${name} exists` };
    case 'absent':
      return {
        ...backupTargetAbsent,
        message: `${name} does not exist in namespace ${target.namespace}; backups start once it exists`,
      };
    default:
      return {
        ...backupTargetUnknown,
        message: `cannot tell whether ${name} exists: ${sight.unknown}`,
      };
  }
}

function aboutCronJob(made: Exclude<ConfigurationFindings['cronJob'], 'unmade' | 'none'>): Condition {
  return made === 'made'
    ? { ...cronJobCreated, message: 'the CronJob exists' }
    : { ...cronJobNotCreated, message: made.trouble };
}

/** `wanted` is how many conditions have to be True. */
function phaseOf(told: readonly Condition[], wanted: number): BackupConfigurationPhase {
  if (told.some(({ type, status }) => type === invalid.type && status === invalid.status)) return 'Invalid';
  const allTrue = told.length === wanted && told.every(({ status }) => status === 'True');
  return allTrue ? 'Ready' : 'NotReady';
}

export interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

const reasonsOfEvents: Readonly<Record<string, string>> = {
  [invalid.reason]: 'ValidationFailed',
  [backupTargetAbsent.reason]: 'TargetNotFound',
};

/**
 * Returns a Warning for each condition that became False or changed its message, and an Event if the configuration
 * became Ready. A configuration for snapshots on demand backs nothing up by itself, so a missing target is no trouble.
 */
export function eventsOfStatus({ spec, status: before }: BackupConfiguration, after: Status): Told[] {
  const byHand = isPlaceholder({ spec });
  const failing = (after.conditions ?? []).filter(({ type, status, message }) => {
    const known = before?.conditions?.find((condition) => condition.type === type);
    const isNew = known?.status !== status || known.message !== message;
    const matters = !byHand || type !== backupTargetAbsent.type;
    return ownTypes.includes(type) && status === 'False' && isNew && matters;
  });
  const troubles = failing.map(({ reason = '', message = '' }): Told => ({
    type: 'Warning',
    reason: reasonsOfEvents[reason] ?? reason,
    message,
  }));
  if (after.phase !== 'Ready' || before?.phase === 'Ready') return troubles;
  const message = byHand
    ? 'snapshots can be taken by hand'
    : 'the configuration is valid and its target exists';
  return [{ type: 'Normal', reason: 'BackupConfigurationReady', message }];
}
