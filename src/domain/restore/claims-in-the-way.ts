/**
 * Finds existing claims that have the names of claims to restore, and the pods and snapshots that block their deletion.
 */
import type { PersistentVolumeClaim, Pod, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { claimsOfPod } from '#src/domain/workload/claims.ts';

export interface ClaimInTheWay {
  readonly claim: Stored<PersistentVolumeClaim>;
  /** The pods that use the claim. */
  readonly pods: readonly Stored<Pod>[];
  /** Pods that have ended. Kubernetes does not remove the claim before somebody deletes them. */
  readonly ended: readonly Stored<Pod>[];
  /** Snapshots of the claim that are not ready. Kubernetes does not remove the claim before they are ready or gone. */
  readonly unready: readonly Stored<VolumeSnapshot>[];
}

export interface SeenAround {
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly pods: readonly Stored<Pod>[];
  readonly snapshots: readonly Stored<VolumeSnapshot>[];
}

/** Returns the claims of these names, and what blocks their deletion. All objects in `seen` are of one namespace. */
export function claimsInTheWay(names: readonly string[], seen: SeenAround): ClaimInTheWay[] {
  return seen.claims
    .filter(({ metadata }) => names.includes(metadata.name))
    .map((claim) => {
      const { name } = claim.metadata;
      const pods = seen.pods.filter((pod) => mounts(pod, name));
      return {
        claim,
        pods: pods.filter((pod) => !hasEnded(pod)),
        // A pod that was never scheduled does not protect the claim.
        ended: pods.filter((pod) => hasEnded(pod) && pod.spec.nodeName !== undefined),
        unready: seen.snapshots.filter((snapshot) => isBeingCut(snapshot, name)),
      };
    });
}

/** Returns the names of the pods that use the claim. Pods that have ended do not count. */
export function podsUsing(claim: string, pods: readonly Stored<Pod>[]): string[] {
  return pods.filter((pod) => !hasEnded(pod) && mounts(pod, claim)).map(({ metadata }) => metadata.name);
}

export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Whether the pod uses the claim, as a volume or as a generic ephemeral volume. */
export function mounts(pod: Stored<Pod>, claim: string): boolean {
  return claimsOfPod(pod).some(({ name }) => name === claim);
}

function isBeingCut({ metadata, spec, status }: Stored<VolumeSnapshot>, claim: string): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    spec.source.persistentVolumeClaimName === claim &&
    status?.readyToUse !== true
  );
}
