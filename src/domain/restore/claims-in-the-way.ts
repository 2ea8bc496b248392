/** Claims that have the names of those to be restored, and what holds them. */
import type { PersistentVolumeClaim, Pod, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';

export interface ClaimInTheWay {
  readonly claim: Stored<PersistentVolumeClaim>;
  /** The pods that use it. */
  readonly pods: readonly Stored<Pod>[];
  /** Pods that have ended: nothing runs in them, and yet the claim is not deleted before they are. */
  readonly ended: readonly Stored<Pod>[];
  /** Snapshots of it that are not ready: the claim is not deleted before they are. */
  readonly unready: readonly Stored<VolumeSnapshot>[];
}

export interface SeenAround {
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly pods: readonly Stored<Pod>[];
  readonly snapshots: readonly Stored<VolumeSnapshot>[];
}

/** The claims of these names, and what holds them; all that is seen is of one namespace. */
export function claimsInTheWay(names: readonly string[], seen: SeenAround): ClaimInTheWay[] {
  return seen.claims
    .filter(({ metadata }) => names.includes(metadata.name))
    .map((claim) => {
      const { name } = claim.metadata;
      const pods = seen.pods.filter((pod) => mounts(pod, name));
      return {
        claim,
        pods: pods.filter((pod) => !hasEnded(pod)),
        // A pod without a node holds nothing.
        ended: pods.filter((pod) => hasEnded(pod) && pod.spec.nodeName !== undefined),
        unready: seen.snapshots.filter((snapshot) => isBeingCut(snapshot, name)),
      };
    });
}

/** Pods that have ended use nothing. */
export function podsUsing(claim: string, pods: readonly Stored<Pod>[]): string[] {
  return pods.filter((pod) => !hasEnded(pod) && mounts(pod, claim)).map(({ metadata }) => metadata.name);
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function mounts({ metadata, spec }: Stored<Pod>, claim: string): boolean {
  return (
    spec.volumes?.some(
      ({ name, persistentVolumeClaim, ephemeral }) =>
        persistentVolumeClaim?.claimName === claim || (ephemeral && `${metadata.name}-${name}` === claim),
    ) === true
  );
}

function isBeingCut({ metadata, spec, status }: Stored<VolumeSnapshot>, claim: string): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    spec.source.persistentVolumeClaimName === claim &&
    status?.readyToUse !== true
  );
}
