/** Builds objects of the deployment `app` in a test's namespace.*/
import type { ObjectMeta } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';

export const appRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' };

/** The spec fields that set a configuration's snapshot class. */
export function withClass(snapshotClassName: string): Pick<BackupConfiguration['spec'], 'target'> {
  return { target: { ref: appRef, snapshotClassName } };
}

/** A configuration that runs every night and prunes nothing, unless `spec` says otherwise. */
export function appConfiguration(
  metadata: ObjectMeta,
  spec: Partial<BackupConfiguration['spec']> = {},
): BackupConfiguration {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata,
    spec: {
      driver: 'VolumeSnapshotter',
      schedule: '0 3 * * *',
      target: { ref: appRef },
      retentionPolicy: { name: 'keep-all', prune: false },
      ...spec,
    },
  };
}
