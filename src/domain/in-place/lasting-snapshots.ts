/** Lists the CSI drivers that keep the snapshots of a deleted volume. */

interface LastingDriver {
  /** The driver's name, or its end: Rook prefixes its namespace. */
  readonly name: string;
  /** Where the vendor says so. */
  readonly source: string;
}

/**
 * A driver that is not in this list may delete the snapshots with the volume, as ZFS LocalPV, Longhorn (inside the
 * cluster) and LVM do.
 */
export const lastingDrivers: readonly LastingDriver[] = [
  {
    name: 'ebs.csi.aws.com',
    source: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-deleting-snapshot.html',
  },
  // The driver takes standard snapshots or disk images. It takes no instant snapshots, which are deleted with the disk.
  { name: 'pd.csi.storage.gke.io', source: 'https://docs.cloud.google.com/compute/docs/disks/snapshots' },
  {
    name: 'disk.csi.azure.com',
    source:
      'https://azure.microsoft.com/blog/introducing-cost-effective-increment-snapshots-of-azure-managed-disks-in-preview/',
  },
  // Ceph moves the image of the volume to the trash, and keeps it there as long as it has snapshots.
  { name: 'rbd.csi.ceph.com', source: 'https://github.com/ceph/ceph-csi/pull/693' },
  // Ceph retains the snapshots of a deleted subvolume. Before Ceph 14.2.12, the deletion of the subvolume waits for
  // them.
  { name: 'cephfs.csi.ceph.com', source: 'https://github.com/ceph/ceph-csi/pull/1458' },
  // The sandbox, unless its storage class asks for `snapshots: die-with-volume`.
  { name: 'sandbox.csi.stash.dev', source: 'src/sandbox/storage/storage.ts' },
];

export function outlivesVolume(driver: string): boolean {
  return lastingDrivers.some(({ name }) => driver === name || driver.endsWith(`.${name}`));
}
