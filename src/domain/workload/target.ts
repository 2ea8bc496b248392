/** What a snapshot is taken of. */
import type { KubernetesObject, PersistentVolumeClaim, Workload } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  apiVersionOf,
  daemonSets,
  deployments,
  persistentVolumeClaims,
  replicaSets,
  replicationControllers,
  statefulSets,
  type Resource,
} from '#src/api/resources.ts';

import { readJson } from '#src/domain/json.ts';

export type TargetKind =
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'ReplicaSet'
  | 'ReplicationController'
  | 'PersistentVolumeClaim';

export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  readonly namespace: string;
}

export interface TargetType {
  readonly resource: Resource<Workload> | Resource<PersistentVolumeClaim>;
  /** kubectl's short name, used in names that we make. */
  readonly short: string;
}

export const targetTypes: Readonly<Record<TargetKind, TargetType>> = {
  Deployment: { resource: deployments, short: 'deploy' },
  StatefulSet: { resource: statefulSets, short: 'sts' },
  DaemonSet: { resource: daemonSets, short: 'ds' },
  ReplicaSet: { resource: replicaSets, short: 'rs' },
  ReplicationController: { resource: replicationControllers, short: 'rc' },
  PersistentVolumeClaim: { resource: persistentVolumeClaims, short: 'pvc' },
};

export function targetApiVersion(kind: TargetKind): string {
  return apiVersionOf(targetTypes[kind].resource);
}

/** `deployment/foo`, as kubectl prints it. */
export function formatTarget(target: { readonly kind: string; readonly name: string }): string {
  return `${target.kind.toLowerCase()}/${target.name}`;
}

export function isTargetKind(kind: string | undefined): kind is TargetKind {
  return kind !== undefined && Object.hasOwn(targetTypes, kind);
}

/** What a session or snapshot of ours is of; undefined where it does not say. */
export function readTarget({ metadata }: KubernetesObject): Target | undefined {
  const { namespace = '', annotations } = metadata;
  const value = readJson(annotations?.[annotation.target]) as Partial<Target> | undefined;
  const { kind, name } = value ?? {};
  return isTargetKind(kind) && typeof name === 'string' ? { kind, name, namespace } : undefined;
}

/** The annotation that `readTarget` reads. */
export function targetAnnotation({ kind, name }: Target): Record<string, string> {
  return { [annotation.target]: JSON.stringify({ apiVersion: targetApiVersion(kind), kind, name }) };
}
