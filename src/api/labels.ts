/**
 * Labels and annotations that this program writes and reads; `docs/architecture.md` says what each one is
 * for.
 */
export const label = {
  invokerType: 'stash.appscode.com/invoker-type',
  invokerName: 'stash.appscode.com/invoker-name',
  targetKind: 'stash.appscode.com/target-kind',
  targetName: 'stash.appscode.com/target-name',
  targetNamespace: 'stash.appscode.com/target-namespace',
  backupSession: 'stash.appscode.com/backup-session',
  managedBy: 'app.kubernetes.io/managed-by',
  /** On the operator's Deployment, its CronJobs, its Jobs and their pods: see `Component` in operator.ts. */
  component: 'app.kubernetes.io/component',
  /**
   * On a BackupSession: the UID of the Job or failed session that triggered it. It keeps a repeated trigger
   * from creating a second session.
   */
  trigger: 'stash.appscode.com/trigger',
  /** On a PersistentVolume: the RestoreSession that `undo` and `forget` name to find it (`labelValue` of its name). */
  restoreSession: 'stash.appscode.com/restore-session',
  /** On a ServiceAccount, with value `allowed`: `runtimeSettings` may choose or annotate it for Jobs. */
  jobs: 'stash.appscode.com/jobs',
} as const;

export const annotation = {
  /** On a session: `<id> <counter>` of the executor that holds it. */
  executor: 'stash.appscode.com/executor',
  /** On a snapshot: the UID of the BackupSession that took it. */
  sessionUid: 'stash.appscode.com/session-uid',
  /** On a snapshot: the session's full name, if it exceeds the 63 characters of a label value. */
  sessionName: 'stash.appscode.com/session-name',
  /** On a snapshot and a BackupSession: JSON array of the names of all claims of the session. */
  sessionClaims: 'stash.appscode.com/session-claims',
  /** On a session and a snapshot: `{apiVersion, kind, name}` of the target as JSON. */
  target: 'stash.appscode.com/target',
  /** On a snapshot: the source claim as JSON (see `SourceClaim` in domain). */
  sourceClaim: 'stash.appscode.com/source-claim',
  /**
   * On a snapshot of a quiesced application: the time (RFC 3339) by which the driver had to cut it. A
   * snapshot cut later may not be consistent.
   */
  cutBefore: 'stash.appscode.com/cut-before',
  /** On a session: the VolumeSnapshotClass that was asked for with it; it goes before the configuration's. */
  snapshotClass: 'stash.appscode.com/snapshot-class',
  /** On a session and a snapshot: who began the session, `schedule` or `user:NAME`. */
  madeBy: 'stash.appscode.com/made-by',
  /** On a session and a snapshot, with value `true`: only a user deletes the snapshot, after unpinning it. */
  pinned: 'stash.appscode.com/pinned',
  /** On a session and a snapshot: the time (RFC 3339) before which only a user deletes the snapshot. */
  keepUntil: 'stash.appscode.com/keep-until',
  /** On a snapshot: why its session failed. It stays when the session is deleted. */
  sessionFailed: 'stash.appscode.com/session-failed',
  /** On a session: the hooks given on the command line, as JSON. Only the command line runs them. */
  hooks: 'stash.appscode.com/hooks',
  /**
   * On a session: the time (RFC 3339) since which its preBackup or preRestore hook may have quiesced the
   * application.
   */
  quiescedSince: 'stash.appscode.com/quiesced-since',
  /** On a session: the time (RFC 3339) by which its executor resumes the application at the latest. */
  quiescedUntil: 'stash.appscode.com/quiesced-until',
  /** On a claim, also as a label, with value `ignore`: `coverage` and the operator's metric leave it out. */
  coverage: 'stash.appscode.com/coverage',
  /** On a claim: the UID of the RestoreSession that created it. */
  restoreSessionUid: 'stash.appscode.com/restore-session-uid',
  /** On a RestoreSession: it restores in place, and its record as JSON (see `InPlaceRecord` in domain). */
  inPlace: 'stash.appscode.com/in-place',
  /** On a RestoreSession that only gives access to the files of a restore point: when it goes, with all that it owns (RFC 3339). */
  filesUntil: 'stash.appscode.com/files-until',
  /** On a PersistentVolume that a restore in place touched: its part in it, as JSON (see `SwappedVolume` in domain). */
  swap: 'stash.appscode.com/swap',
  /** On a temporary claim of a restore in place: the nodes that it has named so far, separated by commas. */
  triedNodes: 'stash.appscode.com/tried-nodes',
  /** On a StatefulSet: when its claims were last restored in place (RFC 3339). The change wakes its controller. */
  restoredAt: 'stash.appscode.com/restored-at',
  /** On a RestoreSession: the BackupSession whose snapshots it restores. */
  restoredFrom: 'stash.appscode.com/restored-from',
  /** On a RestoreSession: the flags that said which claims it restores, and how, as JSON pairs of flag and value. */
  restoreFlags: 'stash.appscode.com/restore-flags',
  /**
   * On a claim: its storage class, in the form that predates `spec.storageClassName`. It overrides that
   * field.
   */
  betaStorageClass: 'volume.beta.kubernetes.io/storage-class',
  /** On a StorageClass or VolumeSnapshotClass: marks the default class. */
  defaultSnapshotClass: 'snapshot.storage.kubernetes.io/is-default-class',
  defaultStorageClass: 'storageclass.kubernetes.io/is-default-class',
  /** On a claim, by the volume controller: it has a volume. */
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  betaDefaultStorageClass: 'storageclass.beta.kubernetes.io/is-default-class',
} as const;

/** On a claim that is about to be deleted: it stays, being deleted, until every claim of the workload is. */
export const holdFinalizer = 'stash.appscode.com/hold';

/** On a namespace: its pods may read the operator's metrics. An administrator sets it. */
export const monitoringLabel = { 'stash.appscode.com/monitoring': 'true' } as const;

export const managedBy = 'kubectl-stash';
/** The value of `label.jobs`. */
export const allowed = 'allowed';

/** The names of all labels and annotations that `runtimeSettings` may add to the pods of Jobs begin with this. */
export const podPrefix = 'pod.stash.appscode.com/';

export const stashGroup = 'stash.appscode.com';
export const stashApiVersion = 'stash.appscode.com/v1beta1';
/** Discovery lists this group only on clusters where AppsCode's operator runs. */
export const appscodeOperatorGroup = 'admission.stash.appscode.com';
