/**
 * The kinds of `stash.appscode.com/v1beta1`: the fields that volume snapshots use. All other fields are kept
 * as they are.
 */
import type { HookHandlers } from './hook-handlers.ts';
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

/** What a hook does, in the target's pods: exactly one of the handlers. */
export interface HookHandler extends Partial<HookHandlers> {
  /** Left out: the pod's first container. */
  containerName?: string;
}

export type ExecutionPolicy = 'Always' | 'OnSuccess' | 'OnFailure' | 'OnFinalRetryFailure';

export interface PostHook extends HookHandler {
  executionPolicy?: ExecutionPolicy;
}

/** Settings of the Jobs' pods; `checkRuntimeSettings` refuses all others. */
export interface RuntimeSettings {
  container?: {
    resources?: object;
    securityContext?: object;
    env?: object[];
    nice?: object;
    ionice?: object;
  };
  pod?: {
    podLabels?: Record<string, string>;
    podAnnotations?: Record<string, string>;
    nodeSelector?: Record<string, string>;
    nodeName?: string;
    serviceAccountName?: string;
    serviceAccountAnnotations?: Record<string, string>;
    automountServiceAccountToken?: boolean;
    securityContext?: object;
    imagePullSecrets?: { name?: string }[];
    affinity?: object;
    schedulerName?: string;
    tolerations?: object[];
    priorityClassName?: string;
    priority?: number;
    readinessGates?: object[];
    runtimeClassName?: string;
    enableServiceLinks?: boolean;
    topologySpreadConstraints?: object[];
  };
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
    hooks?: { preBackup?: HookHandler; postBackup?: PostHook };
    runtimeSettings?: RuntimeSettings;
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
    hooks?: { preRestore?: HookHandler; postRestore?: PostHook };
    timeOut?: string;
    runtimeSettings?: RuntimeSettings;
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

/** An object whose status tells how far its work has come: what an executor holds and a follower follows. */
export type AnySession = BackupSession | RestoreSession;

export type StatusOf<S extends AnySession> = NonNullable<S['status']>;
