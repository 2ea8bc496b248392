/** Binds claims to volumes, and holds those that are in use. */
import type { PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';

import { claimNamesOf, isClaimInUse, isSnapshotting } from './claim-users.ts';
import { provisioner } from './provisioning.ts';
import type { Controller, World } from './world.ts';
import { patchSeen, setFinalizers, setStatus } from './writes.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

const protection = 'kubernetes.io/pvc-protection';

export function claimController(world: World): Controller {
  const { claims, volumes, cluster } = world;
  const provision = provisioner(world);

  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const seen = claims.get(name, namespace);
    if (!seen) return;
    if (seen.metadata.deletionTimestamp !== undefined) {
      await release(seen);
      return;
    }
    const claim = await protect(seen);
    if (claim.spec.volumeName !== undefined && claim.spec.volumeName !== '') {
      await bindTo(claim, claim.spec.volumeName);
      return;
    }
    const own = volumes.list().find((volume) => isFor(volume, claim));
    const volume = own ?? (await provision(claim));
    if (volume) await bind(claims.get(name, namespace) ?? claim, volume);
  }

  async function release(claim: Claim): Promise<void> {
    const { finalizers = [] } = claim.metadata;
    if (!finalizers.includes(protection)) return;
    if (isClaimInUse(claim, world.pods.list(claim.metadata.namespace))) return;
    if (isSnapshotting(claim, world.snapshots.list(claim.metadata.namespace))) return;
    const others = finalizers.filter((finalizer) => finalizer !== protection);
    await setFinalizers(cluster, claims, claim, others);
  }

  async function protect(claim: Claim): Promise<Claim> {
    const { finalizers = [] } = claim.metadata;
    if (finalizers.includes(protection)) return claim;
    return patchSeen(cluster, claims, claim, { metadata: { finalizers: [...finalizers, protection] } });
  }

  async function bindTo(claim: Claim, volumeName: string): Promise<void> {
    const volume = volumes.get(volumeName);
    const { phase } = claim.status ?? {};
    if (!volume) {
      if (phase === 'Bound') {
        tell(
          claim,
          'Warning',
          'ClaimLost',
          'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
        );
        await setStatus(cluster, claims, claim, { ...claim.status, phase: 'Lost' });
      }
    } else if (isFor(volume, claim) || volume.spec.claimRef === undefined) {
      await bind(claim, volume);
    } else if (phase !== 'Pending') {
      await setStatus(cluster, claims, claim, { phase: 'Pending' });
      const message = `volume "${volumeName}" already bound to a different claim.`;
      tell(claim, 'Warning', 'FailedBinding', message);
    }
  }

  /** Both sides, the volume first: a claim that says Bound has a volume that is its own. */
  async function bind(claim: Claim, volume: Volume): Promise<void> {
    const { name, namespace, uid } = claim.metadata;
    let mine = volume;
    if (mine.spec.claimRef?.uid !== uid) {
      const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
      mine = await patchSeen(cluster, volumes, mine, { spec: { claimRef } });
    }
    await setStatus(cluster, volumes, mine, { phase: 'Bound' });
    let bound = claim;
    if (bound.spec.volumeName !== mine.metadata.name) {
      const madeBy = mine.metadata.annotations?.['pv.kubernetes.io/provisioned-by'];
      bound = await patchSeen(cluster, claims, bound, {
        metadata: {
          annotations: {
            'pv.kubernetes.io/bind-completed': 'yes',
            'pv.kubernetes.io/bound-by-controller': 'yes',
            ...(madeBy !== undefined && { 'volume.kubernetes.io/storage-provisioner': madeBy }),
          },
        },
        spec: { volumeName: mine.metadata.name },
      });
    }
    const { accessModes, capacity } = mine.spec;
    await setStatus(cluster, claims, bound, {
      phase: 'Bound',
      ...(accessModes && { accessModes }),
      ...(capacity && { capacity }),
    });
  }

  function tell(claim: Claim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    world.event(persistentVolumeClaims, claim, type, reason, message);
  }

  return {
    mirror: claims,
    reconcile,
    triggers(enqueue) {
      const pending = (namespace: string | undefined, wanted: (claim: Claim) => boolean): void => {
        for (const claim of claims.list(namespace)) {
          const { name, namespace: home } = claim.metadata;
          if (claim.status?.phase !== 'Bound' && wanted(claim)) enqueue(name, home);
        }
      };
      world.pods.onChange((pod) => {
        for (const name of claimNamesOf(pod)) enqueue(name, pod.metadata.namespace);
      });
      world.snapshots.onChange(({ metadata, spec }) => {
        if (spec.source.persistentVolumeClaimName !== undefined) {
          enqueue(spec.source.persistentVolumeClaimName, metadata.namespace);
        }
        pending(
          metadata.namespace,
          (claim) => (claim.spec.dataSourceRef ?? claim.spec.dataSource)?.name === metadata.name,
        );
      });
      volumes.onChange(({ spec: { claimRef } }) => {
        if (claimRef?.name !== undefined) enqueue(claimRef.name, claimRef.namespace);
        else pending(undefined, () => true);
      });
      world.storageClasses.onChange(() => {
        pending(undefined, () => true);
      });
    },
  };
}

function isFor({ spec: { claimRef } }: PersistentVolume, { metadata }: Claim): boolean {
  if (claimRef?.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return claimRef.uid === undefined || claimRef.uid === metadata.uid;
}
