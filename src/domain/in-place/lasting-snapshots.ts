/** Which CSI drivers keep the snapshots of a volume that is deleted. */

interface LastingDriver {
  /** The driver's name, or what comes after the first dots of it: Rook prefixes its namespace. */
  readonly name: string;
  /** Where its vendor says so. */
  readonly source: string;
}

/**
 * A driver that is not on this list may delete the snapshots with the volume, as ZFS LocalPV, Longhorn (inside the cluster)
 * and LVM do.
 */
export const lastingDrivers: readonly LastingDriver[] = [
  {
    name: 'ebs.csi.aws.com',
    source: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-deleting-snapshot.html',
  },
  // Its snapshots are standard ones, or disk images. Instant snapshots, which it does not take, go with the disk.
  { name: 'pd.csi.storage.gke.io', source: 'https://docs.cloud.google.com/compute/docs/disks/snapshots' },
  {
    name: 'disk.csi.azure.com',
    source:
      'https://azure.microsoft.com/blog/introducing-cost-effective-increment-snapshots-of-azure-managed-disks-in-preview/',
  },
  // The image of the volume goes to the trash, and stays there as long as it has snapshots.
  { name: 'rbd.csi.ceph.com', source: 'https://github.com/ceph/ceph-csi/pull/693' },
  // Snapshots are retained after the subvolume was deleted; before Ceph 14.2.12, its deletion waits for them.
  { name: 'cephfs.csi.ceph.com', source: 'https://github.com/ceph/ceph-csi/pull/1458' },
  // The sandbox, unless its storage class asks for `snapshots: die-with-volume`.
  { name: 'sandbox.csi.stash.dev', source: 'src/sandbox/storage/storage.ts' },
];

export function outlivesVolume(driver: string): boolean {
  return lastingDrivers.some(({ name }) => driver === name || driver.endsWith(`.${name}`));
}
