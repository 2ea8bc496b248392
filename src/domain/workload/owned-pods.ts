/** Which of the pods that a selector matches a workload controls: labels may be shared, a controller is one. */
import type { KubernetesObject, Pod, Stored, Workload } from '#src/api/kubernetes.ts';

import type { TargetKind } from './target.ts';

/** The ReplicaSets, by name, that have to be known to tell the pods of a Deployment; none for any other kind. */
export function replicaSetsToKnow(kind: TargetKind, pods: readonly Stored<Pod>[]): string[] {
  if (kind !== 'Deployment') return [];
  const owners = pods.map(controllerOf).filter((owner) => owner?.kind === 'ReplicaSet');
  return [...new Set(owners.flatMap((owner) => owner?.name ?? []))];
}

/** `replicaSets`: those of `replicaSetsToKnow` that exist. */
export function podsControlledBy(
  kind: TargetKind,
  workload: Stored<Workload>,
  pods: readonly Stored<Pod>[],
  replicaSets: readonly Stored<Workload>[],
): Stored<Pod>[] {
  const { uid } = workload.metadata;
  const controllers =
    kind === 'Deployment'
      ? replicaSets.filter((it) => controllerOf(it)?.uid === uid).map(({ metadata }) => metadata.uid)
      : [uid];
  return pods.filter((pod) => controllers.includes(controllerOf(pod)?.uid ?? ''));
}

function controllerOf({ metadata }: KubernetesObject) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
