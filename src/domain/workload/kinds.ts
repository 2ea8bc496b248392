/**
 * The kinds that can be snapshotted and restored, one entry each. Arguments, completion, names, roles, the operator's
 * caches and the search for pods and claims all go by this table.
 */
import type {
  KubernetesObject,
  LabelSelector,
  PersistentVolumeClaim,
  PodSpec,
  Workload,
} from '#src/api/kubernetes.ts';
import {
  daemonSets,
  deployments,
  persistentVolumeClaims,
  replicaSets,
  replicationControllers,
  statefulSets,
  type Resource,
} from '#src/api/resources.ts';

export interface TargetType<T extends KubernetesObject = KubernetesObject> {
  readonly resource: Resource<T>;
  /** kubectl's short name, used in names that we make. */
  readonly short: string;
  /** Whether AppsCode's operator can snapshot it. */
  readonly byAppscode: boolean;
  /** Left out for a claim, which runs no pods. */
  readWorkload?(object: T): WorkloadParts;
  /** What it creates to control its pods; left out where it controls them itself. */
  readonly podsThrough?: Resource;
  /** Scaled down, its controller deletes pods that have ended as well; others leave those. */
  readonly deletesEndedPods?: boolean;
}

/** What a workload says of its pods and claims, wherever its kind keeps it. */
export interface WorkloadParts {
  readonly podSpec: PodSpec;
  /** A LabelSelector, or the plain map of a ReplicationController; undefined: it has none. */
  readonly selector: LabelSelector | Record<string, string> | undefined;
  /** Undefined: it cannot be scaled. */
  readonly replicas: number | undefined;
  /** How many pods its controller is to run. */
  readonly wantedPods: number;
  /** Undefined: its controller creates no claims. */
  readonly claims: ReplicaClaims | undefined;
}

/** The claims that a controller creates for each replica, named `<template>-<workload>-<ordinal>`. */
export interface ReplicaClaims {
  readonly templates: readonly string[];
  readonly firstOrdinal: number;
  readonly deletedWhenScaled: boolean;
}

const types = {
  Deployment: type({
    resource: deployments,
    short: 'deploy',
    byAppscode: true,
    readWorkload: readScaled,
    podsThrough: replicaSets,
  }),
  StatefulSet: type({
    resource: statefulSets,
    short: 'sts',
    byAppscode: true,
    readWorkload: (object) => ({ ...readScaled(object), claims: readReplicaClaims(object) }),
    deletesEndedPods: true,
  }),
  DaemonSet: type({
    resource: daemonSets,
    short: 'ds',
    byAppscode: true,
    readWorkload(object) {
      const wanted = object.status?.['desiredNumberScheduled'];
      return {
        ...readScaled(object),
        replicas: undefined,
        wantedPods: typeof wanted === 'number' ? wanted : 1,
      };
    },
  }),
  ReplicaSet: type({ resource: replicaSets, short: 'rs', byAppscode: false, readWorkload: readScaled }),
  ReplicationController: type({
    resource: replicationControllers,
    short: 'rc',
    byAppscode: false,
    readWorkload: readScaled,
  }),
  PersistentVolumeClaim: type<PersistentVolumeClaim>({
    resource: persistentVolumeClaims,
    short: 'pvc',
    byAppscode: true,
  }),
};

export type TargetKind = keyof typeof types;

export const targetTypes: Readonly<Record<TargetKind, TargetType>> = types;

export const targetKinds = Object.keys(types) as readonly TargetKind[];

const all: readonly TargetType[] = Object.values(targetTypes);

/** `object`: of that kind. Undefined for a claim. */
export function readWorkload(kind: TargetKind, object: KubernetesObject): WorkloadParts | undefined {
  return targetTypes[kind].readWorkload?.(object);
}

/** The kind that a word names as kubectl does, in any case: `sts`, `statefulset`, `StatefulSets`. */
export function kindOfWord(word: string): TargetKind | undefined {
  return kindsByWord.get(word.toLowerCase());
}

const kindsByWord = new Map(
  targetKinds.flatMap((kind) => wordsOfKind(kind).map((word) => [word, kind] as const)),
);

/** Short name, singular and plural, as `kindOfWord` takes them. */
export function wordsOfKind(kind: TargetKind): readonly string[] {
  const { resource, short } = targetTypes[kind];
  return [short, kind.toLowerCase(), resource.plural];
}

/** What `readWorkload` reads, and what stands between a workload and its pods; each once, workloads first. */
export const workloadResources: readonly Resource[] = [
  ...new Set([
    ...all.filter((each) => each.readWorkload !== undefined).map(({ resource }) => resource),
    ...all.flatMap(({ podsThrough }) => podsThrough ?? []),
  ]),
];

function type<T extends KubernetesObject = Workload>(entry: TargetType<T>): TargetType {
  return entry;
}

function readScaled({ spec }: Workload): WorkloadParts {
  const { selector, template, replicas = 1 } = spec;
  return { podSpec: template.spec, selector, replicas, wantedPods: replicas, claims: undefined };
}

function readReplicaClaims({ spec }: Workload): ReplicaClaims {
  const { volumeClaimTemplates = [], ordinals, persistentVolumeClaimRetentionPolicy } = spec;
  return {
    templates: volumeClaimTemplates.map(({ metadata }) => metadata.name ?? ''),
    firstOrdinal: ordinals?.start ?? 0,
    deletedWhenScaled: persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete',
  };
}
