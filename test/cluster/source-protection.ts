import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

const finalizer = 'provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection';

/**
 * Removes the finalizer that external-provisioner 6.3 leaves on a snapshot if a claim is deleted before the
 * provisioner has provisioned it from that snapshot.
 */
export async function endSourceProtection(cluster: Cluster, snapshot: Stored<VolumeSnapshot>): Promise<void> {
  const { name, namespace, finalizers = [] } = snapshot.metadata;
  if (!finalizers.includes(finalizer)) return;
  const others = finalizers.filter((one) => one !== finalizer);
  await cluster.patch(volumeSnapshots, { name, namespace }, { metadata: { finalizers: others } });
}
