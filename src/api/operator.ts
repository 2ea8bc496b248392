/** Names that the operator, its installer, its Jobs and the sandbox share. */

/** Repository of the image that runs this program; the tag is the program's version. */
export const imageRepository = 'ghcr.io/kubectl-stash/kubectl-stash';

/** The namespace that `install` puts the operator into by default. */
export const operatorNamespace = 'kubectl-stash';
/** Name of the operator's Deployment, ServiceAccount and Lease. */
export const operatorName = 'kubectl-stash-operator';

/**
 * ClusterRoles that `install` creates. The operator may bind the last three in any namespace, and no other
 * role. If it watches only some namespaces, all but `operator` and `snapshotClasses` are Roles there.
 */
export const clusterRole = {
  operator: 'kubectl-stash-operator',
  /** Bound to all service accounts: read access to snapshot classes, which are cluster-scoped. */
  snapshotClasses: 'kubectl-stash-snapshot-classes',
  /** What a CronJob's pods need: `operator create-backupsession`. */
  trigger: 'kubectl-stash-trigger',
  /** What a snapshotter Job needs: `operator create-vs`. */
  snapshotter: 'kubectl-stash-snapshotter',
  /** What a restore Job needs: `operator restore-vs`. */
  restorer: 'kubectl-stash-restorer',
} as const;

/** The operator's Role in each namespace that it watches, if it watches only some; the Lease's Role has the other name. */
export const watchedRole = 'kubectl-stash-operator-watched';

/** Where the operator runs the sessions that it carries out: in a Job for each, or in its own process. */
export type RunSessions = 'in-jobs' | 'in-process';

/** Value of the label `app.kubernetes.io/component`. */
export type Component = 'operator' | 'trigger' | 'snapshotter' | 'restorer' | 'files' | 'probe';

/** The finalizer that our operator sets on each BackupConfiguration that it manages. */
export const configurationFinalizer = 'stash.appscode.com';
