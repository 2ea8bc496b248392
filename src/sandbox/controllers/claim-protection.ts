/** Protects claims that pods use from deletion. */
import { claimNamesOf, isClaimInUse } from './claim-users.ts';
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
    } else if (isHeld && !isClaimInUse(claim, world.pods.list(namespace))) {
      const others = finalizers.filter((finalizer) => finalizer !== protection);
      await setFinalizers(cluster, claims, claim, others);
    }
  }

  return {
    mirror: claims,
    reconcile,
    triggers(enqueue) {
      world.pods.onChange((pod) => {
        for (const name of claimNamesOf(pod)) enqueue(name, pod.metadata.namespace);
      });
    },
  };
}
