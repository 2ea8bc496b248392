/** The caches of the reconcilers, one watch for each kind. There are too many VolumeSnapshots to cache them. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  jobs,
  pods,
  restoreSessions,
  type Resource,
} from '#src/api/resources.ts';
import { targetTypes, targetKinds, type TargetKind } from '#src/domain/workload/kinds.ts';

import { followedKind, type FollowedKind, type Following } from './follow-kind.ts';
import { trimBookkeeping, trimPod, trimToExistence } from './trim.ts';
import type { Caches } from './world.ts';

export interface FollowedCaches extends Following {
  readonly caches: Caches;
  /** Resolves once the first lists of these caches are complete. */
  readonly filled: (names: readonly (keyof Caches)[]) => Promise<void>;
}

/** Label selector of the Jobs, CronJobs and pods in the caches. */
export const oursOnly = `${label.managedBy}=${managedBy}`;

const ours = { labelSelector: oursOnly };

export function createCaches(): FollowedCaches {
  const kinds: Following[] = [];
  const add = <K extends Following>(kind: K): K => {
    kinds.push(kind);
    return kind;
  };
  const whole = <T extends KubernetesObject>(resource: Resource<T>, scope = {}) =>
    add(followedKind(resource, scope, trimBookkeeping));
  const target = (resource: Resource) => add(followedKind(resource, { metadataOnly: true }, trimToExistence));

  const caches = {
    configurations: whole(backupConfigurations),
    backupSessions: whole(backupSessions),
    restoreSessions: whole(restoreSessions),
    cronJobs: whole(cronJobs, ours),
    jobs: whole(jobs, ours),
    pods: add(followedKind(pods, ours, trimPod)),
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
    async follow(cluster, signal) {
      await Promise.all(kinds.map((kind) => kind.follow(cluster, signal)));
    },
  };
}
