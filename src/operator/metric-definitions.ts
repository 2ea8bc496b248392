/** Name, type, labels and meaning of each metric of the operator. docs/metrics.md is printed from them. */

export interface MetricDefinition {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** What it measures, and when it is absent: the text after `# HELP`. */
  readonly help: string;
  readonly labels: readonly string[];
}

const ofConfiguration = ['namespace', 'backupconfiguration'] as const;
const ofSession = ['namespace', 'backupsession'] as const;

export const definitions = {
  leader: {
    ...{ name: 'stash_leader', type: 'gauge', labels: [] },
    help: '1 if this replica is the leader, otherwise 0.',
  },
  sessions: {
    ...{ name: 'stash_sessions', type: 'gauge', labels: ['kind', 'phase', 'namespace'] },
    help: 'Sessions that exist now. The kind is backup or restore; the phase is status.phase, or Pending if no executor has started the session.',
  },
  sessionsEnded: {
    ...{ name: 'stash_sessions_total', type: 'counter', labels: ['kind', 'phase'] },
    help: 'Sessions that have ended since this replica started.',
  },
  sessionDuration: {
    ...{ name: 'stash_session_duration_seconds', type: 'histogram', labels: ['kind', 'phase'] },
    help: 'From the creation of a session to its end.',
  },
  configuration: {
    ...{ name: 'stash_backup_configuration_info', type: 'gauge' },
    labels: [...ofConfiguration, 'paused', 'schedule'],
    help: '1 for each BackupConfiguration of this operator.',
  },
  lastSuccess: {
    ...{ name: 'stash_backup_last_success_timestamp_seconds', type: 'gauge', labels: ofConfiguration },
    help: 'When the newest complete restore point was taken, in seconds since 1970; absent if there is none.',
  },
  nextDue: {
    ...{ name: 'stash_backup_next_due_timestamp_seconds', type: 'gauge', labels: ofConfiguration },
    help: 'When the schedule runs next; absent while the configuration is paused.',
  },
  overdue: {
    ...{ name: 'stash_backup_overdue_seconds', type: 'gauge', labels: ofConfiguration },
    help: 'Time since the first scheduled run after the last success (or after the creation of the configuration); 0 if that run is still to come; absent while the configuration is paused.',
  },
  period: {
    ...{ name: 'stash_backup_period_seconds', type: 'gauge', labels: ofConfiguration },
    help: 'Time from the first scheduled run after the last success to the run after it.',
  },
  lastFailed: {
    ...{ name: 'stash_backup_last_failed', type: 'gauge', labels: ofConfiguration },
    help: '1 if the newest session that was not skipped has failed, otherwise 0; absent while the configuration is paused, or has no such session.',
  },
  quiescedDuration: {
    ...{ name: 'stash_backup_quiesced_duration_seconds', type: 'gauge', labels: ofConfiguration },
    help: 'How long the newest session whose postBackup hook resumed the application had quiesced it.',
  },
  retentionFailed: {
    ...{ name: 'stash_backup_retention_failed', type: 'gauge', labels: ofConfiguration },
    help: '1 if the retention policy could not be applied the last time, otherwise 0; absent if it never was.',
  },
  quiesced: {
    ...{ name: 'stash_quiesced_seconds', type: 'gauge', labels: ofSession },
    help: 'Time since the preBackup hook of a session began whose application has not been resumed, as far as is recorded.',
  },
  quiescedLimit: {
    ...{ name: 'stash_quiesced_limit_seconds', type: 'gauge', labels: ofSession },
    help: 'How long the application of that session may stay quiesced.',
  },
  restorePointsRead: {
    ...{ name: 'stash_restore_points_read_timestamp_seconds', type: 'gauge', labels: [] },
    help: 'When the operator last read the restore points, in seconds since 1970.',
  },
  inPlaceInterrupted: {
    ...{ name: 'stash_restore_in_place_interrupted', type: 'gauge', labels: ['namespace', 'restoresession'] },
    help: '1 for each restore in place that may have stopped its workload, and that no command line goes on with.',
  },
  uncovered: {
    ...{ name: 'stash_claims_uncovered', type: 'gauge', labels: ['namespace'] },
    help: 'Claims that have a volume and no complete restore point; only with --coverage-metrics.',
  },
  queueDepth: {
    ...{ name: 'stash_queue_depth', type: 'gauge', labels: ['queue'] },
    help: 'Objects that wait to be reconciled. The queue is backupconfiguration, backupsession or restoresession.',
  },
  reconcileErrors: {
    ...{ name: 'stash_reconcile_errors_total', type: 'counter', labels: ['queue'] },
    help: 'Failed reconciliations, which the operator repeats with backoff; the log says why.',
  },
} as const satisfies Record<string, MetricDefinition>;
