/** Which of the pods that a selector matches a workload controls: labels may be shared, a controller is one. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';

import { targetTypes, type TargetKind } from './kinds.ts';

/** Names of the kind's `podsThrough` that have to be read to tell its pods: the ReplicaSets of a Deployment. */
export function ownersToRead(kind: TargetKind, pods: readonly Stored<Pod>[]): string[] {
  const { podsThrough } = targetTypes[kind];
  if (podsThrough === undefined) return [];
  const owners = pods.map(controllerOf).filter((owner) => owner?.kind === podsThrough.kind);
  return [...new Set(owners.flatMap((owner) => owner?.name ?? []))];
}

/** `owners`: those of `ownersToRead` that exist. */
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

function controllerOf({ metadata }: KubernetesObject) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
