/** BackupConfigurations and RestoreSessions as in Stash's guides for VolumeSnapshots. */
import type { BackupConfiguration, RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { targetApiVersion } from '#src/domain/workload/target.ts';
import type { TargetKind } from '#src/domain/workload/kinds.ts';

/** A schedule that is not due while the tests run, so that only a test triggers it. */
export const rarely = '0 4 31 12 *';

export interface ConfigurationOptions {
  readonly kind?: TargetKind;
  readonly target?: string;
  readonly snapshotClassName?: string;
  readonly spec?: Partial<BackupConfiguration['spec']>;
}

export function configuration(name: string, options: ConfigurationOptions = {}): BackupConfiguration {
  const { kind = 'Deployment', target = 'stash-demo', snapshotClassName, spec } = options;
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: { name },
    spec: {
      driver: 'VolumeSnapshotter',
      schedule: rarely,
      target: {
        ref: { apiVersion: targetApiVersion(kind), kind, name: target },
        ...(snapshotClassName !== undefined && { snapshotClassName }),
      },
      retentionPolicy: { name: 'keep-last-5', keepLast: 5, prune: true },
      ...spec,
    },
  };
}

export function restoreSession(
  name: string,
  volumeClaimTemplates: VolumeClaimTemplate[],
  replicas?: number,
): RestoreSession {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name },
    spec: {
      driver: 'VolumeSnapshotter',
      target: { ...(replicas !== undefined && { replicas }), volumeClaimTemplates },
    },
  };
}
