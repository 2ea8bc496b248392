/** Who holds on to a claim. */
import type { KubernetesObject, Pod, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';

/** Names of the claims that a pod mounts, those of its generic ephemeral volumes included. */
export function claimNamesOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [`${metadata.name ?? ''}-${name}`] : [];
  });
}

/** Whether a pod that has a node and has not ended mounts the claim. */
export function isClaimInUse(claim: Stored<KubernetesObject>, pods: readonly Pod[]): boolean {
  return pods.some(
    (pod) =>
      pod.spec.nodeName !== undefined &&
      pod.status?.phase !== 'Succeeded' &&
      pod.status?.phase !== 'Failed' &&
      claimNamesOf(pod).includes(claim.metadata.name),
  );
}

/** Whether a snapshot of the claim has begun and is not ready yet. */
export function isSnapshotting(
  claim: Stored<KubernetesObject>,
  snapshots: readonly VolumeSnapshot[],
): boolean {
  return snapshots.some(
    ({ spec, status, metadata }) =>
      metadata.deletionTimestamp === undefined &&
      spec.source.persistentVolumeClaimName === claim.metadata.name &&
      status?.boundVolumeSnapshotContentName !== undefined &&
      status.readyToUse !== true,
  );
}
