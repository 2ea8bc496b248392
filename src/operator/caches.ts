/**
 * The caches of the reconcilers, one watch for each kind, or for each kind and watched namespace. There are too many
 * VolumeSnapshots to cache them.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  jobs,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  type Resource,
} from '#src/api/resources.ts';
import { trimToMarks } from '#src/domain/coverage/trim.ts';
import {
  keepBackupSession,
  keepConfiguration,
  keepRestoreSession,
} from '#src/domain/operator/kept-object.ts';
import { trimCronJob, trimJob, trimPod, trimToExistence } from '#src/domain/operator/trim.ts';
import { targetTypes, targetKinds, type TargetKind } from '#src/domain/workload/kinds.ts';

import { followedKind, type FollowedKind, type Following, type Watched } from './follow-kind.ts';
import type { Caches } from './world.ts';

export interface FollowedCaches extends Following {
  readonly caches: Caches;
  /** Resolves once the first lists of these caches are complete. */
  readonly filled: (names: readonly (keyof Caches)[]) => Promise<void>;
}

/** Label selector of the Jobs, CronJobs and pods in the caches. */
export const oursOnly = `${label.managedBy}=${managedBy}`;

const ours = { labelSelector: oursOnly };

export interface CacheOptions {
  /** The most claims that a session may have. */
  readonly claimsPerSession?: number | undefined;
  /** Left out: the caches hold all namespaces. */
  readonly watched?: Watched | undefined;
  /** Whether claims keep the marks by which their coverage is counted. */
  readonly coverageMetrics?: boolean | undefined;
}

export function createCaches({
  claimsPerSession,
  watched,
  coverageMetrics = false,
}: CacheOptions = {}): FollowedCaches {
  const kinds: Following[] = [];
  const add = <K extends Following>(kind: K): K => {
    kinds.push(kind);
    return kind;
  };
  const follow = <T extends KubernetesObject>(
    resource: Resource<T>,
    scope: Parameters<typeof followedKind<T>>[1],
    trim: Parameters<typeof followedKind<T>>[2],
  ) => add(followedKind(resource, scope, trim, watched));
  const target = (resource: Resource) => {
    const trim = coverageMetrics && resource === persistentVolumeClaims ? trimToMarks : trimToExistence;
    return follow(resource, { metadataOnly: true }, trim);
  };

  const caches = {
    configurations: follow(backupConfigurations, {}, keepConfiguration),
    backupSessions: follow(backupSessions, {}, keepBackupSession),
    restoreSessions: follow(restoreSessions, {}, (session) => keepRestoreSession(session, claimsPerSession)),
    cronJobs: follow(cronJobs, ours, trimCronJob),
    jobs: follow(jobs, ours, trimJob),
    pods: follow(pods, ours, trimPod),
    targets: Object.fromEntries(
      targetKinds.map((kind) => [kind, target(targetTypes[kind].resource)]),
    ) as Record<TargetKind, FollowedKind<KubernetesObject>>,
  } satisfies Caches;

  return {
    caches,
    synced: Promise.all(kinds.map(({ synced }) => synced)).then(() => undefined),
    async filled(names) {
      const of = (name: keyof Caches) =>
        name === 'targets' ? Object.values(caches.targets) : [caches[name]];
      await Promise.all(names.flatMap(of).map(({ synced }) => synced));
    },
    isRefused: (namespace) => kinds.some((kind) => kind.isRefused(namespace)),
    async follow(cluster, signal) {
      await Promise.all(kinds.map((kind) => kind.follow(cluster, signal)));
    },
  };
}
