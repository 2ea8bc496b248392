/** What every reconciler looks at and acts with. */
import type { CronJob, Job, KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import type { RunSessions } from '#src/api/operator.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { TargetKind } from '#src/domain/workload/kinds.ts';

import type { Cache } from './cache.ts';

export interface OperatorOptions {
  readonly runSessions: RunSessions;
  /** Of the Jobs. */
  readonly image: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /** Where the operator itself and its Lease are. */
  readonly namespace: string;
  /** How long an application may stay quiesced. */
  readonly maxFreezeMs: number;
  /** With `in-process`: so many are carried out at the same time. */
  readonly sessionsAtOnce: number;
}

export interface Caches {
  readonly configurations: Cache<BackupConfiguration>;
  readonly backupSessions: Cache<BackupSession>;
  readonly restoreSessions: Cache<RestoreSession>;
  /** Ours only (label managed-by), as are Jobs and pods. */
  readonly cronJobs: Cache<CronJob>;
  readonly jobs: Cache<Job>;
  readonly pods: Cache<Pod>;
  /** Every possible target, as metadata only. */
  readonly targets: Readonly<Record<TargetKind, Cache<KubernetesObject>>>;
}

export interface World {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly caches: Caches;
  readonly options: OperatorOptions;
  /** Of this process, for the holder annotation and the Lease. */
  readonly id: string;
  /** Writes an Event about `object`; never rejects, never delays. The same one again counts up. */
  readonly event: (
    resource: Resource,
    object: Stored<KubernetesObject>,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ) => void;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What reconcilers tell of themselves; queue depth and the phases of sessions are measured by the manager. */
export interface Metrics {
  /** A session that has just become final. */
  sessionEnded(kind: string, phase: string, seconds: number): void;
  /** When the last successful session of a BackupConfiguration ended. */
  backupSucceeded(at: { namespace: string; name: string }, when: Date): void;
  /** It is gone: its series go with it. */
  forget(at: { namespace: string; name: string }): void;
}
