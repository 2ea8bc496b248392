/** Who holds on to a claim. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';

import { isControlledBy } from './writes.ts';

/** Names of the claims that a pod mounts, those of its generic ephemeral volumes included. */
export function claimNamesOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [ephemeralClaimName({ metadata }, name)] : [];
  });
}

function ephemeralClaimName({ metadata }: Pick<Pod, 'metadata'>, volume: string): string {
  return `${metadata.name ?? ''}-${volume}`;
}

/** Whether a pod that has been given a node mounts the claim, however the pod has ended: only its deletion lets go. */
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
