/** Every condition that the operator writes, with each of its reasons, and the test file that produces it. */

export interface KnownCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  /** Path from the root of the repository. */
  readonly by: string;
}

const end = (file: string) => `test/e2e/operator/${file}.operator.ts`;

/** Those of the published API. */
export const knownConditions: readonly KnownCondition[] = [
  ...known('ValidationPassed', end('configurations'), {
    True: 'ResourceValidationPassed',
    False: 'ResourceValidationFailed',
  }),
  ...known('BackupTargetFound', end('configurations'), {
    True: 'TargetAvailable',
    False: 'TargetNotAvailable',
  }),
  // Needs a server that answers with an error.
  ...known('BackupTargetFound', 'test/operator/backup-configuration.long.ts', {
    False: 'UnableToCheckTargetAvailability',
  }),
  ...known('CronJobCreated', end('configurations'), {
    True: 'CronJobCreationSucceeded',
    False: 'CronJobCreationFailed',
  }),

  ...known('BackupSkipped', end('sessions'), { True: 'SkippedTakingNewBackup' }),
  ...known('BackupExecutorEnsured', end('sessions'), {
    True: 'SuccessfullyEnsuredBackupExecutor',
    False: 'FailedToEnsureBackupExecutor',
  }),
  ...known('RetentionPolicyApplied', end('sessions'), {
    True: 'SuccessfullyAppliedRetentionPolicy',
    False: 'FailedToApplyRetentionPolicy',
  }),
  ...known('BackupHistoryCleaned', end('sessions'), { True: 'SuccessfullyCleanedBackupHistory' }),
  // Needs an operator that may not delete sessions.
  ...known('BackupHistoryCleaned', 'test/session/tidy.long.ts', { False: 'FailedToCleanBackupHistory' }),
  ...known('DeadlineExceeded', end('sessions'), { True: 'FailedToCompleteWithinDeadline' }),
  ...known('BackupDisrupted', end('sessions'), { True: 'FailedToCompleteDueToDisruption' }),

  ...known('PreBackupHookExecutionSucceeded', end('hooks'), {
    True: 'SuccessfullyExecutedPreBackupHook',
    False: 'FailedToExecutePreBackupHook',
  }),
  ...known('PostBackupHookExecutionSucceeded', end('hooks'), {
    True: 'SuccessfullyExecutedPostBackupHook',
    False: 'FailedToExecutePostBackupHook',
  }),

  ...known('RestoreTargetFound', end('restores'), {
    True: 'TargetAvailable',
    False: 'TargetNotAvailable',
  }),
  ...known('RestoreTargetFound', end('restores'), { False: 'UnableToCheckTargetAvailability' }),
  ...known('RestoreExecutorEnsured', end('restores'), {
    True: 'SuccessfullyEnsuredRestoreExecutor',
    False: 'FailedToEnsureRestoreExecutor',
  }),
  ...known('PreRestoreHookExecutionSucceeded', end('restores'), {
    True: 'SuccessfullyExecutedPreRestoreHook',
    False: 'FailedToExecutePreRestoreHook',
  }),
  ...known('PostRestoreHookExecutionSucceeded', end('restores'), {
    True: 'SuccessfullyExecutedPostRestoreHook',
    False: 'FailedToExecutePostRestoreHook',
  }),
  ...known('RestoreCompleted', end('restores'), {
    True: 'PostRestoreTasksExecuted',
    False: 'PostRestoreTasksNotExecuted',
  }),
];

/** Those that AppsCode's operator does not have. */
export const ownConditions: readonly KnownCondition[] = [
  ...known('ClaimsStaged', end('swaps'), { True: 'NewVolumesBound' }),
  ...known('VolumesKept', end('swaps'), { True: 'VolumesRetained' }),
  ...known('WorkloadStopped', end('swaps'), { True: 'NoPodUsesTheClaims' }),
  ...known('ClaimsSwapped', end('swaps'), { True: 'ClaimsBoundToNewVolumes' }),
  ...known('WorkloadStarted', end('swaps'), { True: 'WorkloadReleased' }),
  ...known('SwapInterrupted', end('swaps'), { True: 'ExecutorDied', False: 'ExecutorResumed' }),
];

function known(
  type: string,
  by: string,
  reasons: Readonly<Partial<Record<KnownCondition['status'], string>>>,
): KnownCondition[] {
  return Object.entries(reasons).map(([status, reason]) => ({
    type,
    status: status as KnownCondition['status'],
    reason,
    by,
  }));
}
