/** Finds the pods that a workload controls. Its selector may also match pods of other workloads. */
import type { KubernetesObject, OwnerReference, Pod, Stored } from '#src/api/kubernetes.ts';

import { targetTypes, type TargetKind } from './kinds.ts';

/**
 * Returns the names of the objects of kind `podsThrough` that control `pods`, such as the ReplicaSets of a Deployment.
 */
export function ownersToRead(kind: TargetKind, pods: readonly Stored<Pod>[]): string[] {
  const { podsThrough } = targetTypes[kind];
  if (podsThrough === undefined) return [];
  const owners = pods.map(controllerOf).filter((owner) => owner?.kind === podsThrough.kind);
  return [...new Set(owners.flatMap((owner) => owner?.name ?? []))];
}

/** `owners` are the existing objects that `ownersToRead` names. */
export function podsControlledBy(
  kind: TargetKind,
  workload: Stored<KubernetesObject>,
  pods: readonly Stored<Pod>[],
  owners: readonly Stored<KubernetesObject>[],
): Stored<Pod>[] {
  const { uid } = workload.metadata;
  const controllers =
    targetTypes[kind].podsThrough === undefined
      ? [uid]
      : owners.filter((it) => controllerOf(it)?.uid === uid).map(({ metadata }) => metadata.uid);
  return pods.filter((pod) => controllers.includes(controllerOf(pod)?.uid ?? ''));
}

/** Returns the owner reference to the controller. Undefined if the object has none. */
export function controllerOf({ metadata }: KubernetesObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
