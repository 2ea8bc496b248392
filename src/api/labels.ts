/** Labels and annotations that we write and read; `docs/architecture.md` says what each is for. */
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
  /** On a BackupSession: the UID of what made it (a trigger Job, a session that is tried again), so that it is made once. */
  trigger: 'stash.appscode.com/trigger',
} as const;

export const annotation = {
  /** On a session: `<id> <counter>` of whoever carries it out. */
  executor: 'stash.appscode.com/executor',
  /** On a snapshot: the UID of the BackupSession that took it. */
  sessionUid: 'stash.appscode.com/session-uid',
  /** On a snapshot: the session's name unshortened, where the label's 63 characters cannot hold it. */
  sessionName: 'stash.appscode.com/session-name',
  /** On a snapshot and a BackupSession: JSON array of the names of all claims of the session. */
  sessionClaims: 'stash.appscode.com/session-claims',
  /** On a session and a snapshot: `{apiVersion, kind, name}` of the target as JSON. */
  target: 'stash.appscode.com/target',
  /** On a snapshot: the source claim as JSON (see `SourceClaim` in domain). */
  sourceClaim: 'stash.appscode.com/source-claim',
  /** On a snapshot of an application that was made quiet: until when (RFC 3339) it could be cut to be of any use. */
  cutBefore: 'stash.appscode.com/cut-before',
  /** On a session: hooks that were given on the command line, as JSON; only whoever gave them runs them. */
  hooks: 'stash.appscode.com/hooks',
  /** On a session: since when (RFC 3339) its preBackup or preRestore hook may have quiesced the application. */
  quiescedSince: 'stash.appscode.com/quiesced-since',
  /** On a session: until when (RFC 3339) its executor lets the application stay quiesced at most. */
  quiescedUntil: 'stash.appscode.com/quiesced-until',
  /** On a claim: the UID of the RestoreSession that created it. */
  restoreSessionUid: 'stash.appscode.com/restore-session-uid',
  /** On a RestoreSession: the BackupSession whose snapshots it restores. */
  restoredFrom: 'stash.appscode.com/restored-from',
  /** On a claim: its class, as it was written before that became a field; it goes before the field. */
  betaStorageClass: 'volume.beta.kubernetes.io/storage-class',
  /** On a StorageClass or VolumeSnapshotClass. */
  defaultSnapshotClass: 'snapshot.storage.kubernetes.io/is-default-class',
  defaultStorageClass: 'storageclass.kubernetes.io/is-default-class',
} as const;

export const managedBy = 'kubectl-stash';

export const stashGroup = 'stash.appscode.com';
export const stashApiVersion = 'stash.appscode.com/v1beta1';
/** Discovery lists this group where AppsCode's own operator runs, and only there. */
export const appscodeOperatorGroup = 'admission.stash.appscode.com';
