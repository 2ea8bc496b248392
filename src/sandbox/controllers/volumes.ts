/**
 * Sets the phase of each volume (Available, Bound, Released), and releases volumes whose claim bound
 * elsewhere.
 */
import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, persistentVolumes } from '#src/api/resources.ts';

import { boundByController } from './claims.ts';
import { isReserved, modeOf } from './matching.ts';
import { provisionedBy } from './provisioning.ts';
import { hasReason } from './reconciler.ts';
import type { Controller, World } from './world.ts';
import { patchSeen, setStatus } from './writes.ts';

type Volume = Stored<PersistentVolume>;

export function volumeController(world: World): Controller {
  const { volumes, cluster } = world;

  async function reconcile(name: string): Promise<undefined> {
    const volume = volumes.get(name);
    if (!volume) return;
    const { claimRef } = volume.spec;
    if (claimRef === undefined || isReserved(claimRef)) {
      await setPhase(volume, 'Available');
      return;
    }
    const claim = await claimOf(claimRef);
    if (!claim) await release(volume);
    else if (claim.spec.volumeName === name) await setPhase(volume, 'Bound');
    else if ((claim.spec.volumeName ?? '') !== '') await unbind(volume);
    else if (modeOf(claim) !== modeOf(volume)) {
      const what = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}"`;
      const message = `${what} due to incompatible volumeMode.`;
      world.event(persistentVolumes, volume, 'Warning', 'VolumeMismatch', message);
    }
  }

  /**
   * Resolves with the volume's claim. If the mirror lacks it, asks the server itself, because data is deleted
   * on the answer.
   */
  async function claimOf({ name = '', namespace, uid }: NonNullable<PersistentVolume['spec']['claimRef']>) {
    const seen = world.claims.get(name, namespace);
    if (seen?.metadata.uid === uid) return seen;
    try {
      const claim = await cluster.get(persistentVolumeClaims, name, namespace);
      return claim.metadata.uid === uid ? claim : undefined;
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async function setPhase(volume: Volume, phase: string, message?: string): Promise<Volume> {
    if (volume.status?.phase === phase) return volume;
    return setStatus(cluster, volumes, volume, { phase, ...(message !== undefined && { message }) });
  }

  async function release(volume: Volume): Promise<void> {
    if (volume.status?.phase === 'Failed') return;
    const released = await setPhase(volume, 'Released');
    const { persistentVolumeReclaimPolicy: policy, hostPath } = released.spec;
    if (policy === 'Recycle')
      await fail(released, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    // If a driver provisioned the volume, the driver deletes it.
    if (policy !== 'Delete' || released.metadata.annotations?.[provisionedBy] !== undefined) return;
    const why = hostPath
      ? `host_path deleter only supports /tmp/.+ but received provided ${hostPath.path}`
      : `error getting deleter volume plugin for volume "${released.metadata.name}": no volume plugin matched`;
    await fail(released, 'VolumeFailedDelete', why);
  }

  async function fail(volume: Volume, reason: string, message: string): Promise<void> {
    const failed = await setPhase(volume, 'Failed', message);
    world.event(persistentVolumes, failed, 'Warning', reason, message);
  }

  /** The volume's claim is bound to another volume. */
  async function unbind(volume: Volume): Promise<void> {
    const { annotations = {} } = volume.metadata;
    const isDisposable =
      annotations[provisionedBy] !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete';
    if (isDisposable) await release(volume);
    else if (annotations[boundByController] === undefined) {
      await patchSeen(cluster, volumes, volume, { spec: { claimRef: { uid: null } } });
    } else {
      const metadata = { annotations: { [boundByController]: null } };
      await patchSeen(cluster, volumes, volume, { metadata, spec: { claimRef: null } });
    }
  }

  return {
    mirror: volumes,
    reconcile,
    triggers(enqueue) {
      world.claims.onChange(({ metadata }) => {
        for (const { metadata: it, spec } of volumes.list()) {
          const { claimRef } = spec;
          if (claimRef?.name === metadata.name && claimRef.namespace === metadata.namespace)
            enqueue(it.name, undefined);
        }
      });
    },
  };
}
