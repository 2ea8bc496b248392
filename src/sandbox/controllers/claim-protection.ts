/** Holds claims that are in use. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';

import { claimNamesOf, isClaimInUse, isSnapshotting } from './claim-users.ts';
import type { Controller, World } from './world.ts';
import { setFinalizers } from './writes.ts';

const protection = 'kubernetes.io/pvc-protection';

export function claimProtectionController(world: World): Controller {
  const { claims, cluster } = world;

  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const claim = claims.get(name, namespace);
    if (!claim) return;
    const { finalizers = [], deletionTimestamp } = claim.metadata;
    const isHeld = finalizers.includes(protection);
    if (deletionTimestamp === undefined) {
      if (!isHeld) await setFinalizers(cluster, claims, claim, [...finalizers, protection]);
    } else if (isHeld && !isUsed(claim)) {
      const others = finalizers.filter((finalizer) => finalizer !== protection);
      await setFinalizers(cluster, claims, claim, others);
    }
  }

  function isUsed(claim: Stored<PersistentVolumeClaim>): boolean {
    const { namespace } = claim.metadata;
    return (
      isClaimInUse(claim, world.pods.list(namespace)) ||
      isSnapshotting(claim, world.snapshots.list(namespace))
    );
  }

  return {
    mirror: claims,
    reconcile,
    triggers(enqueue) {
      world.pods.onChange((pod) => {
        for (const name of claimNamesOf(pod)) enqueue(name, pod.metadata.namespace);
      });
      world.snapshots.onChange(({ metadata, spec }) => {
        if (spec.source.persistentVolumeClaimName !== undefined)
          enqueue(spec.source.persistentVolumeClaimName, metadata.namespace);
      });
    },
  };
}
