/** What every reconciler reads and acts with. */
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
  /** Image of the Jobs that it creates. */
  readonly image: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /** Namespace of the operator and its Lease. */
  readonly namespace: string;
  /** The most claims that a session may have. */
  readonly claimsPerSession: number;
  /** The only namespaces in which it works; left out: all. */
  readonly watchNamespaces?: readonly string[] | undefined;
  /** Whether the metrics count the claims that no restore point covers. */
  readonly coverageMetrics?: boolean | undefined;
  /** How long an application may stay quiesced. */
  readonly maxFreezeMs: number;
  /** With `in-process`: number of sessions that are carried out at the same time. */
  readonly sessionsAtOnce: number;
}

export interface Caches {
  readonly configurations: Cache<BackupConfiguration>;
  readonly backupSessions: Cache<BackupSession>;
  readonly restoreSessions: Cache<RestoreSession>;
  /** Only objects with the label managed-by of this program; so are the Jobs and pods. */
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
  /** Identity of this process, in the holder annotation and the Lease. */
  readonly id: string;
  /** Records an Event about `object` and returns at once; an identical one increases the count of the first. */
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

/** The metrics that reconcilers report; the others are computed from the caches at each scrape. */
export interface Metrics {
  /** Counts a session that has just become final. */
  sessionEnded(kind: string, phase: string, seconds: number): void;
  /** A session of the BackupConfiguration `at`, which began at `when`, has succeeded. */
  backupSucceeded(at: { namespace: string; name: string }, when: Date): void;
}
