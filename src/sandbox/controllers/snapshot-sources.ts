/** Protects claims from deletion while snapshots of them are being cut. */
import type { PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';

import type { World } from './world.ts';
import { setFinalizers } from './writes.ts';

type Snapshot = Stored<VolumeSnapshot>;

export const sourceProtection = 'snapshot.storage.kubernetes.io/pvc-as-source-protection';

export function snapshotSources({ claims, snapshots, cluster }: World) {
  function sourceOf({ metadata, spec }: Snapshot): Stored<PersistentVolumeClaim> | undefined {
    return claims.get(spec.source.persistentVolumeClaimName ?? '', metadata.namespace);
  }

  async function hold(claim: Stored<PersistentVolumeClaim>): Promise<void> {
    const { finalizers = [] } = claim.metadata;
    if (finalizers.includes(sourceProtection)) return;
    await setFinalizers(cluster, claims, claim, [...finalizers, sourceProtection]);
  }

  /** Releases the claim if no other snapshot of it is pending. `isGoing`: this snapshot is being deleted. */
  async function release(snapshot: Snapshot, { isGoing }: { readonly isGoing: boolean }): Promise<void> {
    const claim = sourceOf(snapshot);
    const { finalizers = [] } = claim?.metadata ?? {};
    if (!claim || !finalizers.includes(sourceProtection)) return;
    const isNeeded = snapshots
      .list(snapshot.metadata.namespace)
      .filter((it) => !isGoing || it.metadata.uid !== snapshot.metadata.uid)
      .some(
        ({ spec, status }) =>
          spec.source.persistentVolumeClaimName === claim.metadata.name && status?.readyToUse !== true,
      );
    if (isNeeded) return;
    const others = finalizers.filter((finalizer) => finalizer !== sourceProtection);
    await setFinalizers(cluster, claims, claim, others);
  }

  return { sourceOf, hold, release };
}
