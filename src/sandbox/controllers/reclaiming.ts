/** Protects volumes that are in use, and deletes volumes after their claims. */
import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumes } from '#src/api/resources.ts';
import { driverName, rpcError } from '#src/sandbox/storage/driver.ts';

import { provisionedBy, provisionerFinalizer } from './provisioning.ts';
import { Retry } from './reconciler.ts';
import type { Controller, World } from './world.ts';
import { deleteSeen, setFinalizers } from './writes.ts';

type Volume = Stored<PersistentVolume>;

const protection = 'kubernetes.io/pv-protection';

/** Protects Bound volumes from deletion. */
export function volumeProtectionController({ volumes, cluster }: World): Controller {
  async function reconcile(name: string): Promise<undefined> {
    const volume = volumes.get(name);
    if (!volume) return;
    const { finalizers = [], deletionTimestamp } = volume.metadata;
    const isHeld = finalizers.includes(protection);
    if (deletionTimestamp === undefined) {
      if (!isHeld) await setFinalizers(cluster, volumes, volume, [...finalizers, protection]);
    } else if (isHeld && volume.status?.phase !== 'Bound') {
      await setFinalizers(cluster, volumes, volume, without(finalizers, protection));
    }
  }

  return { mirror: volumes, reconcile, triggers: () => undefined };
}

/** Deletes the driver's volume and then its object, if it is Released and its policy is Delete. */
export function reclaimController(world: World): Controller {
  const { volumes, cluster } = world;

  async function reconcile(name: string): Promise<undefined> {
    const volume = volumes.get(name);
    if (!volume || !isOfDriver(volume)) return;
    const { finalizers = [], deletionTimestamp } = volume.metadata;
    const isHeld = finalizers.includes(provisionerFinalizer);
    const { phase } = volume.status ?? {};
    if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete') {
      if (isHeld) await setFinalizers(cluster, volumes, volume, without(finalizers, provisionerFinalizer));
    } else if (phase === 'Bound') {
      if (!isHeld && deletionTimestamp === undefined)
        await setFinalizers(cluster, volumes, volume, [...finalizers, provisionerFinalizer]);
    } else if (phase === 'Released' && (isHeld || deletionTimestamp === undefined)) await end(volume);
  }

  async function end(volume: Volume): Promise<void> {
    const { name } = volume.metadata;
    try {
      await world.driver.deleteVolume(volume.spec.csi?.volumeHandle ?? name);
    } catch (error) {
      world.event(persistentVolumes, volume, 'Warning', 'VolumeFailedDelete', rpcError(error));
      throw new Retry();
    }
    await deleteSeen(cluster, persistentVolumes, volume);
    const rest = await cluster.get(persistentVolumes, name);
    const { finalizers = [] } = rest.metadata;
    if (finalizers.includes(provisionerFinalizer))
      await setFinalizers(cluster, volumes, rest, without(finalizers, provisionerFinalizer));
  }

  return { mirror: volumes, reconcile, triggers: () => undefined };
}

function isOfDriver({ metadata, spec }: Volume): boolean {
  return (metadata.annotations?.[provisionedBy] ?? spec.csi?.driver) === driverName;
}

function without(finalizers: readonly string[], one: string): string[] {
  return finalizers.filter((finalizer) => finalizer !== one);
}
