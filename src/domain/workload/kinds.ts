/**
 * The kinds that users can snapshot and restore, one entry each. Arguments, completion, names, roles, the operator's
 * caches and the search for pods and claims use this table.
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
  /** kubectl's short name, also used in the names of objects that we create. */
  readonly short: string;
  /** Whether AppsCode's operator can snapshot it. */
  readonly byAppscode: boolean;
  /** Left out for a claim, which runs no pods. */
  readWorkload?(object: T): WorkloadParts;
  /** The kind through which the workload controls its pods. Left out if it controls them directly. */
  readonly podsThrough?: Resource;
  /** Whether the controller, when it scales down, also deletes pods that have ended. */
  readonly deletesEndedPods?: boolean;
}

/** The fields about pods and claims of a workload, the same for all kinds. */
export interface WorkloadParts {
  readonly podSpec: PodSpec;
  /** A LabelSelector, or the plain map of a ReplicationController. Undefined without a selector. */
  readonly selector: LabelSelector | Record<string, string> | undefined;
  /** Undefined if the workload cannot be scaled. */
  readonly replicas: number | undefined;
  /** Number of pods that the controller should run. */
  readonly wantedPods: number;
  /** Undefined if the controller creates no claims. */
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

/** `object` must be of `kind`. Returns undefined for a claim. */
export function readWorkload(kind: TargetKind, object: KubernetesObject): WorkloadParts | undefined {
  return targetTypes[kind].readWorkload?.(object);
}

/** Returns the kind that a word names in kubectl, in upper or lower case: `sts`, `statefulset`, `StatefulSets`. */
export function kindOfWord(word: string): TargetKind | undefined {
  return kindsByWord.get(word.toLowerCase());
}

const kindsByWord = new Map(
  targetKinds.flatMap((kind) => wordsOfKind(kind).map((word) => [word, kind] as const)),
);

/** Short name, singular and plural: the words that `kindOfWord` accepts. */
export function wordsOfKind(kind: TargetKind): readonly string[] {
  const { resource, short } = targetTypes[kind];
  return [short, kind.toLowerCase(), resource.plural];
}

/** The workloads, then the objects between a workload and its pods; each resource once. */
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
