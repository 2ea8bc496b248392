/**
 * Every condition that the command line and the operator write, an entry for each reason: users and their scripts read
 * them in the status of a BackupConfiguration, BackupSession or RestoreSession. A reason that begins with `Failed` tells
 * why a session failed whatever the condition's status.
 */
import type { Condition } from './kubernetes.ts';

const ofConfigurations = {
  valid: { type: 'ValidationPassed', status: 'True', reason: 'ResourceValidationPassed' },
  invalid: { type: 'ValidationPassed', status: 'False', reason: 'ResourceValidationFailed' },
  backupTargetFound: { type: 'BackupTargetFound', status: 'True', reason: 'TargetAvailable' },
  backupTargetAbsent: { type: 'BackupTargetFound', status: 'False', reason: 'TargetNotAvailable' },
  backupTargetUnknown: {
    type: 'BackupTargetFound',
    status: 'False',
    reason: 'UnableToCheckTargetAvailability',
  },
  cronJobCreated: { type: 'CronJobCreated', status: 'True', reason: 'CronJobCreationSucceeded' },
  cronJobNotCreated: { type: 'CronJobCreated', status: 'False', reason: 'CronJobCreationFailed' },
} as const satisfies Record<string, Condition>;

const ofSessions = {
  deadlineExceeded: { type: 'DeadlineExceeded', status: 'True', reason: 'FailedToCompleteWithinDeadline' },
} as const satisfies Record<string, Condition>;

const ofBackupSessions = {
  backupSkipped: { type: 'BackupSkipped', status: 'True', reason: 'SkippedTakingNewBackup' },
  backupDisrupted: { type: 'BackupDisrupted', status: 'True', reason: 'FailedToCompleteDueToDisruption' },
  retentionApplied: {
    type: 'RetentionPolicyApplied',
    status: 'True',
    reason: 'SuccessfullyAppliedRetentionPolicy',
  },
  retentionNotApplied: {
    type: 'RetentionPolicyApplied',
    status: 'False',
    reason: 'FailedToApplyRetentionPolicy',
  },
  historyCleaned: {
    type: 'BackupHistoryCleaned',
    status: 'True',
    reason: 'SuccessfullyCleanedBackupHistory',
  },
  historyNotCleaned: {
    type: 'BackupHistoryCleaned',
    status: 'False',
    reason: 'FailedToCleanBackupHistory',
  },
} as const satisfies Record<string, Condition>;

const ofRestoreSessions = {
  restoreTargetFound: { type: 'RestoreTargetFound', status: 'True', reason: 'TargetAvailable' },
  restoreTargetAbsent: { type: 'RestoreTargetFound', status: 'False', reason: 'TargetNotAvailable' },
  restoreTargetUnknown: {
    type: 'RestoreTargetFound',
    status: 'False',
    reason: 'UnableToCheckTargetAvailability',
  },
  restoreCompleted: { type: 'RestoreCompleted', status: 'True', reason: 'PostRestoreTasksExecuted' },
  restoreNotCompleted: { type: 'RestoreCompleted', status: 'False', reason: 'PostRestoreTasksNotExecuted' },
} as const satisfies Record<string, Condition>;

const ofRestoresInPlace = {
  claimsStaged: { type: 'ClaimsStaged', status: 'True', reason: 'NewVolumesBound' },
  volumesKept: { type: 'VolumesKept', status: 'True', reason: 'VolumesRetained' },
  workloadStopped: { type: 'WorkloadStopped', status: 'True', reason: 'NoPodUsesTheClaims' },
  claimsSwapped: { type: 'ClaimsSwapped', status: 'True', reason: 'ClaimsBoundToNewVolumes' },
  workloadStarted: { type: 'WorkloadStarted', status: 'True', reason: 'WorkloadReleased' },
  swapInterrupted: { type: 'SwapInterrupted', status: 'True', reason: 'ExecutorDied' },
  swapResumed: { type: 'SwapInterrupted', status: 'False', reason: 'ExecutorResumed' },
} as const satisfies Record<string, Condition>;

/** The condition types of each kind. */
export const conditionsByObject = {
  BackupConfiguration: ofConfigurations,
  'session of either kind': ofSessions,
  BackupSession: ofBackupSessions,
  RestoreSession: ofRestoreSessions,
  'RestoreSession that restores in place': ofRestoresInPlace,
} as const;

export const stashCondition = {
  ...ofConfigurations,
  ...ofSessions,
  ...ofBackupSessions,
  ...ofRestoreSessions,
  ...ofRestoresInPlace,
} as const;

export type StashCondition = (typeof stashCondition)[keyof typeof stashCondition];

/** Whether a Job or the operator itself carries the session out. */
export function executorCondition(kind: 'Backup' | 'Restore', ensured: boolean) {
  return {
    type: `${kind}ExecutorEnsured`,
    status: ensured ? 'True' : 'False',
    reason: `${ensured ? 'SuccessfullyEnsured' : 'FailedToEnsure'}${kind}Executor`,
  } as const satisfies Condition;
}

/** Whether a hook ran; `hook`: its name in the API, such as `preBackup`. */
export function hookExecutionCondition(hook: string, ok: boolean) {
  const name = `${hook.charAt(0).toUpperCase()}${hook.slice(1)}`;
  return {
    type: `${name}HookExecutionSucceeded`,
    status: ok ? 'True' : 'False',
    reason: `${ok ? 'SuccessfullyExecuted' : 'FailedToExecute'}${name}Hook`,
  } as const satisfies Condition;
}

/** Types that Kubernetes writes to a Job. */
export const jobCondition = {
  complete: 'Complete',
  failed: 'Failed',
  /** It is going to be Failed: its pods are being stopped. */
  failureTarget: 'FailureTarget',
  suspended: 'Suspended',
} as const;

/** Types that Kubernetes writes to a pod. */
export const podCondition = { scheduled: 'PodScheduled', disrupted: 'DisruptionTarget' } as const;

/** Why a container waits that only takes a moment to start. */
export const startingReasons: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);
