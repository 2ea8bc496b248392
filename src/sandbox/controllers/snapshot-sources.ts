/** Holds the claims that snapshots are being cut of. */
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

  /** Where no other snapshot of the claim is still to become ready. `isGoing`: this one never will. */
  async function letGo(snapshot: Snapshot, { isGoing }: { readonly isGoing: boolean }): Promise<void> {
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

  return { sourceOf, hold, letGo };
}
