/** Binds claims to volumes, and marks those as Lost whose volume is gone. */
import type { PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';

import { claimNamesOf } from './claim-users.ts';
import { findMatch, isReservedFor, misfitOf } from './matching.ts';
import { isDelayed, provisioner } from './provisioning.ts';
import type { Controller, World } from './world.ts';
import { patchSeen, setStatus } from './writes.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

const bindCompleted = 'pv.kubernetes.io/bind-completed';
export const boundByController = 'pv.kubernetes.io/bound-by-controller';

export function claimController(world: World): Controller {
  const { claims, volumes, cluster } = world;
  const provision = provisioner(world);

  async function reconcile(name: string, namespace: string | undefined): Promise<undefined> {
    const claim = claims.get(name, namespace);
    if (!claim) return;
    const { volumeName = '' } = claim.spec;
    if (claim.metadata.annotations?.[bindCompleted] !== undefined) await keepBound(claim, volumeName);
    else if (volumeName !== '') await bindToNamed(claim, volumeName);
    else await bindToAny(claim);
  }

  async function bindToAny(claim: Claim): Promise<void> {
    const preBoundOnly = isDelayed(world, claim);
    const volume = findMatch(claim, volumes.list(), { preBoundOnly }) ?? (await provision(claim));
    const { name, namespace } = claim.metadata;
    if (volume) await bind(claims.get(name, namespace) ?? claim, volume);
  }

  async function bindToNamed(claim: Claim, volumeName: string): Promise<void> {
    const volume = volumes.get(volumeName);
    const misfit = volume && volume.spec.claimRef === undefined ? misfitOf(volume, claim) : undefined;
    if (
      volume &&
      (volume.spec.claimRef === undefined || isReservedFor(volume, claim)) &&
      misfit === undefined
    ) {
      await bind(claim, volume);
      return;
    }
    if (misfit !== undefined) {
      const message = `Cannot bind to requested volume "${volumeName}": ${misfit}`;
      tell(claim, 'Warning', 'VolumeMismatch', message);
    } else if (volume) {
      const message = `volume "${volumeName}" already bound to a different claim.`;
      tell(claim, 'Warning', 'FailedBinding', message);
    }
    await setStatus(cluster, claims, claim, withoutVolume(claim, 'Pending'));
  }

  async function keepBound(claim: Claim, volumeName: string): Promise<void> {
    const volume = volumes.get(volumeName);
    if (volumeName === '') {
      const what = 'Bound claim has lost reference to PersistentVolume.';
      await lose(claim, 'ClaimLost', `${what} Data on the volume is lost!`);
    } else if (!volume) {
      const what = 'Bound claim has lost its PersistentVolume.';
      await lose(claim, 'ClaimLost', `${what} Data on the volume is lost!`);
    } else if (volume.spec.claimRef === undefined || volume.spec.claimRef.uid === claim.metadata.uid) {
      await bind(claim, volume);
    } else {
      const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
      await lose(claim, 'ClaimMisbound', message);
    }
  }

  async function lose(claim: Claim, reason: string, message: string): Promise<void> {
    if (claim.status?.phase === 'Lost') return;
    await setStatus(cluster, claims, claim, withoutVolume(claim, 'Lost'));
    tell(claim, 'Warning', reason, message);
  }

  /** Binds both objects, the volume first, so that a Bound claim always has its own volume. */
  async function bind(claim: Claim, volume: Volume): Promise<void> {
    const { name, namespace, uid, resourceVersion } = claim.metadata;
    let mine = volume;
    if (mine.spec.claimRef?.uid !== uid) {
      const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
      const byUs = isReservedFor(mine, claim) ? {} : { annotations: { [boundByController]: 'yes' } };
      mine = await patchSeen(cluster, volumes, mine, {
        metadata: byUs,
        spec: { claimRef: { ...kind, namespace, name, uid, resourceVersion } },
      });
    }
    mine = await setStatus(cluster, volumes, mine, { phase: 'Bound' });
    let bound = claim;
    const isNamed = bound.spec.volumeName === mine.metadata.name;
    if (!isNamed || bound.metadata.annotations?.[bindCompleted] === undefined) {
      const byUs = isNamed ? {} : { [boundByController]: 'yes' };
      bound = await patchSeen(cluster, claims, bound, {
        metadata: { annotations: { [bindCompleted]: 'yes', ...byUs } },
        spec: { volumeName: mine.metadata.name },
      });
    }
    const { accessModes, capacity } = mine.spec;
    await setStatus(cluster, claims, bound, {
      ...bound.status,
      phase: 'Bound',
      ...(accessModes && { accessModes }),
      // Leave the capacity of a Bound claim alone: a resize may be in progress.
      ...(capacity && bound.status?.phase !== 'Bound' && { capacity }),
    });
  }

  function tell(claim: Claim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    world.event(persistentVolumeClaims, claim, type, reason, message);
  }

  return {
    mirror: claims,
    reconcile,
    triggers(enqueue) {
      const unbound = (namespace: string | undefined, wanted: (claim: Claim) => boolean): void => {
        for (const claim of claims.list(namespace)) {
          const { name, namespace: home } = claim.metadata;
          if (claim.status?.phase !== 'Bound' && wanted(claim)) enqueue(name, home);
        }
      };
      world.pods.onChange((pod) => {
        const names = claimNamesOf(pod);
        unbound(pod.metadata.namespace, ({ metadata }) => names.includes(metadata.name));
      });
      world.snapshots.onChange(({ metadata }) => {
        unbound(
          metadata.namespace,
          (claim) => (claim.spec.dataSourceRef ?? claim.spec.dataSource)?.name === metadata.name,
        );
      });
      world.contents.onChange(({ spec: { volumeSnapshotRef } }) => {
        unbound(
          volumeSnapshotRef.namespace,
          (claim) => (claim.spec.dataSourceRef ?? claim.spec.dataSource)?.name === volumeSnapshotRef.name,
        );
      });
      volumes.onChange(({ metadata, spec: { claimRef } }) => {
        if (claimRef?.name !== undefined) enqueue(claimRef.name, claimRef.namespace);
        else unbound(undefined, () => true);
        for (const claim of claims.list()) {
          if (claim.spec.volumeName === metadata.name) enqueue(claim.metadata.name, claim.metadata.namespace);
        }
      });
      world.storageClasses.onChange(() => {
        unbound(undefined, () => true);
      });
    },
  };
}

function withoutVolume({ status }: Claim, phase: 'Pending' | 'Lost'): Claim['status'] {
  const rest = { ...status, phase };
  delete rest.accessModes;
  delete rest.capacity;
  return rest;
}
