/** What the programs of external-snapshotter use in the API. */
import { volumeSnapshots } from './resources.ts';

/** As CRDs of external-snapshotter 3 and older serve them. */
export const oldVolumeSnapshots = { ...volumeSnapshots, version: 'v1beta1' };

/** Where the snapshot controller elects its leader, if its author started it with `--leader-election`. */
export const controllerLease = { name: 'snapshot-controller-leader', namespace: 'kube-system' } as const;

/**
 * Where the csi-snapshotter of a driver elects its leader, if its author started it with `--leader-election`: the name, in
 * the namespace of its pod.
 */
export function sidecarLeaseName(driver: string): string {
  const name = `external-snapshotter-leader-${driver}`.replaceAll(/[^a-zA-Z0-9-]/g, '-');
  return name.endsWith('-') ? `${name}X` : name;
}

/** The API group of snapshots of several volumes at once, which has CRDs of its own. */
export const groupSnapshotGroup = 'groupsnapshot.storage.k8s.io';

/** On a VolumeSnapshotContent: its sidecar has asked the driver for the snapshot. */
export const beingCreated = 'snapshot.storage.kubernetes.io/volumesnapshot-being-created';

/** Finalizers of a VolumeSnapshot. */
export const protection = {
  /** A claim is being restored from it. */
  source: 'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection',
  /** Its content exists. */
  bound: 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
  /** A VolumeGroupSnapshot has it. */
  group: 'snapshot.storage.kubernetes.io/volumesnapshot-in-group-protection',
} as const;
