/** What every controller reads and writes with. */
import {
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicaSets,
  replicationControllers,
  serviceAccounts,
  statefulSets,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Driver } from '#src/sandbox/storage/driver.ts';

import { openMirror, type Mirror } from './mirror.ts';
import type { RecordEvent } from './record-event.ts';

export interface World extends Mirrors {
  readonly cluster: Cluster;
  readonly driver: Driver;
  readonly event: RecordEvent;
  readonly signal: AbortSignal;
  now(): Date;
}

export type Mirrors = ReturnType<typeof openMirrors>['mirrors'];

export function openMirrors(cluster: Cluster, signal: AbortSignal) {
  const opened: Mirror<KubernetesObject>[] = [];
  const open = <T extends KubernetesObject>(resource: Resource<T>): Mirror<T> => {
    const mirror = openMirror(cluster, resource, signal);
    opened.push(mirror as object as Mirror<KubernetesObject>);
    return mirror;
  };
  const mirrors = {
    pods: open(pods),
    claims: open(persistentVolumeClaims),
    volumes: open(persistentVolumes),
    storageClasses: open(storageClasses),
    snapshots: open(volumeSnapshots),
    snapshotClasses: open(volumeSnapshotClasses),
    contents: open(volumeSnapshotContents),
    deployments: open(deployments),
    replicaSets: open(replicaSets),
    replicationControllers: open(replicationControllers),
    statefulSets: open(statefulSets),
    daemonSets: open(daemonSets),
    jobs: open(jobs),
    cronJobs: open(cronJobs),
    namespaces: open(namespaces),
    serviceAccounts: open(serviceAccounts),
  };
  return {
    mirrors,
    /** Resolves when every kind has been listed. */
    synced: async (): Promise<void> => {
      await Promise.all(opened.map((mirror) => mirror.synced));
    },
  };
}

/** A controller: how it reconciles one object, by name, and what triggers it. */
export interface Controller {
  /** The mirror of its own kind: every change there triggers a reconcile. */
  readonly mirror: Pick<Mirror<KubernetesObject>, 'onChange'>;
  /** May resolve with milliseconds after which to reconcile again. */
  readonly reconcile: (name: string, namespace: string | undefined) => Promise<number | undefined>;
  /** Registers further triggers. Called once; `enqueue` may be called from then on. */
  readonly triggers: (enqueue: (name: string, namespace: string | undefined) => void) => void;
  /** Longest delay in milliseconds between retries; default a few seconds. */
  readonly longestBackoff?: number;
}
