/** Finds what a snapshot needs: its claim, volume and class. */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Stored,
  VolumeMode,
  VolumeSnapshot,
  VolumeSnapshotClass,
} from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

import { sourceProtection } from './snapshot-sources.ts';
import type { World } from './world.ts';

type Snapshot = Stored<VolumeSnapshot>;

/** Why a snapshot cannot proceed, in the snapshot controller's words. The controller retries. */
export class Refusal extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export function snapshotInputs(world: World) {
  function defaultClass(snapshot: Snapshot): string {
    const driver = volumeOf(snapshot)?.spec.csi?.driver;
    const defaults = world.snapshotClasses
      .list()
      .filter(
        (it) => it.driver === driver && it.metadata.annotations?.[annotation.defaultSnapshotClass] === 'true',
      );
    const [first] = defaults;
    if (first && defaults.length === 1) return first.metadata.name;
    const why = first
      ? `${defaults.length} default snapshot classes were found`
      : 'cannot find default snapshot class';
    const message = `Failed to set default snapshot class with error ${why}`;
    throw new Refusal('SetDefaultSnapshotClassFailed', message);
  }

  function volumeOf(snapshot: Snapshot): Stored<PersistentVolume> | undefined {
    const claimName = snapshot.spec.source.persistentVolumeClaimName ?? '';
    const claim = world.claims.get(claimName, snapshot.metadata.namespace);
    return world.volumes.get(claim?.spec.volumeName ?? '');
  }

  /** Returns the claim. Throws if it is being deleted and no snapshot protects it yet. */
  function claimOf(snapshot: Snapshot): Stored<PersistentVolumeClaim> {
    const { name, namespace } = snapshot.metadata;
    const updateFailed = (object: string, why: string): Refusal =>
      failed(`snapshot controller failed to update ${object} on API server: ${why}`);
    const claim = world.claims.get(snapshot.spec.source.persistentVolumeClaimName ?? '', namespace);
    if (!claim) throw updateFailed(name, 'cannot get claim from snapshot');
    const isHeld = claim.metadata.finalizers?.includes(sourceProtection) === true;
    if (claim.metadata.deletionTimestamp !== undefined && !isHeld)
      throw updateFailed(claim.metadata.name, 'cannot add finalizer on claim because it is being deleted');
    return claim;
  }

  function inputOf(
    snapshot: Snapshot,
    claim: Stored<PersistentVolumeClaim>,
  ): {
    snapshotClass: Stored<VolumeSnapshotClass>;
    volumeHandle: string;
    volumeMode: VolumeMode | undefined;
  } {
    const failInput = (why: string): Refusal =>
      failed(
        `failed to get input parameters to create snapshot ${snapshot.metadata.name}: ${JSON.stringify(why)}`,
      );
    const { volumeSnapshotClassName: className } = snapshot.spec;
    const volume = volumeOf(snapshot);
    if (claim.status?.phase !== 'Bound' || !volume) {
      throw failInput(
        `the PVC ${claim.metadata.name} is not yet bound to a PV, will not attempt to take a snapshot`,
      );
    }
    if (!volume.spec.csi)
      throw failed(`cannot find CSI PersistentVolumeSource for volume ${volume.metadata.name}`);
    if (className === undefined)
      throw failInput(`failed to take snapshot ${snapshot.metadata.name} without a snapshot class`);
    const snapshotClass = world.snapshotClasses.get(className);
    if (!snapshotClass) {
      const missing = `volumesnapshotclass.snapshot.storage.k8s.io ${JSON.stringify(className)} not found`;
      throw failInput(
        `failed to retrieve snapshot class ${className} from the informer: ${JSON.stringify(missing)}`,
      );
    }
    if (snapshotClass.driver !== volume.spec.csi.driver) {
      const drivers = `${snapshotClass.driver}, ${volume.spec.csi.driver}`;
      throw failInput(`VolumeSnapshotClass and PersistentVolume have different drivers: ${drivers}`);
    }
    const { csi, volumeMode } = volume.spec;
    return { snapshotClass, volumeHandle: csi.volumeHandle, volumeMode };
  }

  return { volumeOf, defaultClass, claimOf, inputOf };
}

function failed(why: string): Refusal {
  return new Refusal('SnapshotContentCreationFailed', `Failed to create snapshot content with error ${why}`);
}
