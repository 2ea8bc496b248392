/** Frees, and where the policy says so deletes, the volumes whose claim is gone. */
import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, persistentVolumes } from '#src/api/resources.ts';
import { driverName, rpcError } from '#src/sandbox/storage/driver.ts';

import { hasReason, Retry } from './reconciler.ts';
import type { Controller, World } from './world.ts';
import { deleteSeen, setFinalizers, setStatus } from './writes.ts';

const protection = 'kubernetes.io/pv-protection';

export function volumeController(world: World): Controller {
  const { volumes, cluster } = world;

  async function reconcile(name: string): Promise<undefined> {
    const seen = volumes.get(name);
    if (!seen) return;
    const { claimRef } = seen.spec;
    const gone = claimRef?.uid !== undefined && !(await claimExists(claimRef));
    if (seen.metadata.deletionTimestamp !== undefined) {
      if (gone || claimRef?.uid === undefined) await letGo(seen, gone);
      return;
    }
    const { finalizers = [] } = seen.metadata;
    if (!finalizers.includes(protection)) {
      await setFinalizers(cluster, volumes, seen, [...finalizers, protection]);
      return;
    }
    if (claimRef?.uid === undefined) {
      await setStatus(cluster, volumes, seen, { phase: 'Available' });
    } else if (gone) {
      const released = await setStatus(cluster, volumes, seen, { phase: 'Released' });
      if (isOurs(released) && released.spec.persistentVolumeReclaimPolicy === 'Delete') {
        await deleteSeen(cluster, persistentVolumes, released);
      }
    }
  }

  /** Asks the server itself: data is deleted on the answer. */
  async function claimExists({
    name,
    namespace,
    uid,
  }: NonNullable<PersistentVolume['spec']['claimRef']>): Promise<boolean> {
    if (name === undefined || world.claims.get(name, namespace)?.metadata.uid === uid) return true;
    try {
      return (await cluster.get(persistentVolumeClaims, name, namespace)).metadata.uid === uid;
    } catch (error) {
      if (hasReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  async function letGo(volume: Stored<PersistentVolume>, released: boolean): Promise<void> {
    const handle = volume.spec.csi?.volumeHandle;
    if (
      released &&
      handle !== undefined &&
      isOurs(volume) &&
      volume.spec.persistentVolumeReclaimPolicy === 'Delete'
    ) {
      try {
        await world.driver.deleteVolume(handle);
      } catch (error) {
        world.event(persistentVolumes, volume, 'Warning', 'VolumeFailedDelete', rpcError(error));
        throw new Retry();
      }
    }
    await setFinalizers(cluster, volumes, volume, []);
  }

  return {
    mirror: volumes,
    reconcile,
    triggers(enqueue) {
      world.claims.onChange(({ spec, metadata }) => {
        enqueue(spec.volumeName ?? `pvc-${metadata.uid}`, undefined);
      });
    },
  };
}

function isOurs({ spec }: PersistentVolume): boolean {
  return spec.csi?.driver === driverName;
}
