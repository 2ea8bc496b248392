/** Finds the pods that use a claim. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';

import { isControlledBy } from './writes.ts';

/** Returns the names of the claims that a pod mounts, including those of its generic ephemeral volumes. */
export function claimNamesOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [ephemeralClaimName({ metadata }, name)] : [];
  });
}

function ephemeralClaimName({ metadata }: Pick<Pod, 'metadata'>, volume: string): string {
  return `${metadata.name ?? ''}-${volume}`;
}

/**
 * Returns true if a scheduled pod mounts the claim. A pod that has ended uses it until the pod is deleted.
 */
export function isClaimInUse(claim: Stored<KubernetesObject>, pods: readonly Stored<Pod>[]): boolean {
  return pods.some((pod) => {
    if (pod.spec.nodeName === undefined) return false;
    const isShutDown =
      pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0;
    return (pod.spec.volumes ?? []).some(
      ({ name, persistentVolumeClaim, ephemeral }) =>
        persistentVolumeClaim?.claimName === claim.metadata.name ||
        (ephemeral !== undefined &&
          !isShutDown &&
          ephemeralClaimName(pod, name) === claim.metadata.name &&
          isControlledBy(claim, pod)),
    );
  });
}
