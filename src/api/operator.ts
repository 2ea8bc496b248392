/** Names on which the operator, its installer, its Jobs and the sandbox agree. */

/** Of the image that runs this program; the tag is the version. */
export const imageRepository = 'ghcr.io/kubectl-stash/kubectl-stash';

/** Where `install` puts the operator unless told otherwise. */
export const operatorNamespace = 'kubectl-stash';
/** Of the operator's Deployment, ServiceAccount and Lease. */
export const operatorName = 'kubectl-stash-operator';

/** ClusterRoles that `install` creates; the operator may bind the last three in any namespace, and no others. */
export const clusterRole = {
  operator: 'kubectl-stash-operator',
  /** For all service accounts: read snapshot classes, which are cluster-scoped. */
  snapshotClasses: 'kubectl-stash-snapshot-classes',
  /** What a CronJob's pods need: `operator create-backupsession`. */
  trigger: 'kubectl-stash-trigger',
  /** What a snapshotter Job needs: `operator create-vs`. */
  snapshotter: 'kubectl-stash-snapshotter',
  /** What a restore Job needs: `operator restore-vs`. */
  restorer: 'kubectl-stash-restorer',
} as const;

/** Where the operator runs the sessions that it carries out: in a Job for each, or in its own process. */
export type RunSessions = 'in-jobs' | 'in-process';

/** Value of the label `app.kubernetes.io/component`. */
export type Component = 'operator' | 'trigger' | 'snapshotter' | 'restorer';

/** Finalizer of a BackupConfiguration that our operator has taken. */
export const configurationFinalizer = 'stash.appscode.com';
