/** The kinds of `stash.appscode.com/v1beta1`, as far as volume snapshots go; other fields are kept as they come. */
import type { Condition, KubernetesObject, ObjectMeta, PersistentVolumeClaimSpec } from './kubernetes.ts';

export type Driver = 'Restic' | 'VolumeSnapshotter';

export interface TargetRef {
  apiVersion?: string;
  kind?: string;
  name?: string;
  namespace?: string;
}

export interface RetentionPolicy {
  name: string;
  prune: boolean;
  dryRun?: boolean;
  keepLast?: number;
  keepHourly?: number;
  keepDaily?: number;
  keepWeekly?: number;
  keepMonthly?: number;
  keepYearly?: number;
  keepTags?: string[];
}

export interface BackupConfiguration extends KubernetesObject {
  spec: {
    driver?: Driver;
    schedule?: string;
    paused?: boolean;
    target?: { ref?: TargetRef; replicas?: number; snapshotClassName?: string; alias?: string };
    retentionPolicy: RetentionPolicy;
    backupHistoryLimit?: number;
    timeOut?: string;
    retryConfig?: { maxRetry?: number; delay?: string };
    hooks?: { preBackup?: unknown; postBackup?: unknown };
    runtimeSettings?: unknown;
  };
  status?: {
    phase?: BackupConfigurationPhase;
    observedGeneration?: number;
    conditions?: Condition[];
  };
}

export type BackupConfigurationPhase = 'Invalid' | 'Ready' | 'NotReady';

export type BackupSessionPhase = 'Pending' | 'Skipped' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export interface BackupHostStats {
  /** The claim's name. */
  hostname?: string;
  phase?: 'Succeeded' | 'Failed';
  duration?: string;
  error?: string;
  snapshots?: { name?: string; totalSize?: string }[];
}

export interface BackupTargetStatus {
  ref?: TargetRef;
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  totalHosts?: number;
  stats?: BackupHostStats[];
  conditions?: Condition[];
}

export interface BackupSession extends KubernetesObject {
  spec: {
    invoker: { apiGroup?: string; kind: string; name: string };
    retryLeft?: number;
  };
  status?: {
    phase?: BackupSessionPhase;
    sessionDeadline?: string;
    sessionDuration?: string;
    targets?: BackupTargetStatus[];
    conditions?: Condition[];
    nextRetry?: string;
    retried?: boolean;
  };
}

export type RestoreSessionPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown' | 'Invalid';

export interface RestoreHostStats {
  /** The claim's name. */
  hostname?: string;
  phase?: 'Succeeded' | 'Failed' | 'Running' | 'Unknown';
  duration?: string;
  error?: string;
}

export interface VolumeClaimTemplate {
  metadata: ObjectMeta;
  spec: PersistentVolumeClaimSpec;
}

export interface RestoreSession extends KubernetesObject {
  spec: {
    driver?: Driver;
    target?: {
      ref?: TargetRef;
      replicas?: number;
      alias?: string;
      volumeClaimTemplates?: VolumeClaimTemplate[];
    };
    hooks?: { preRestore?: unknown; postRestore?: unknown };
    timeOut?: string;
    runtimeSettings?: unknown;
  };
  status?: {
    phase?: RestoreSessionPhase;
    sessionDeadline?: string;
    sessionDuration?: string;
    totalHosts?: number;
    stats?: RestoreHostStats[];
    conditions?: Condition[];
  };
}
