/** Volumes that no claim has any more, and that nothing deletes. */
import type { PersistentVolume } from '#src/api/kubernetes.ts';
import { persistentVolumes } from '#src/api/resources.ts';
import { readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import { formatBytes } from '#src/domain/quantity.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { volumeSize } from '#src/domain/workload/volume-size.ts';

import { whereRead, type CheckOfCluster } from './check.ts';

export const leakedVolumes: CheckOfCluster = {
  name: 'leaked-volumes',
  of: 'cluster',
  about:
    'No CSI volume with reclaim policy Retain has lost its claim: its data takes storage, and no command but `kubectl get pv` shows it. Those that restores in place have kept do not count. With -A only.',
  lists: [persistentVolumes],
  find: ({ listed, namespace }) => {
    if (namespace !== undefined) return [];
    return whereRead(listed(persistentVolumes), (volumes) => {
      const leaked = volumes.filter(isLeaked);
      if (leaked.length === 0) return [{ level: 'ok', message: 'no persistentvolume has lost its claim' }];
      const bytes = leaked.reduce((sum, volume) => sum + volumeSize(volume), 0n);
      const names = inWords(leaked.map(({ metadata }) => metadata.name));
      const [count, have] =
        leaked.length === 1
          ? ['1 persistentvolume', 'has lost its']
          : [`${leaked.length} persistentvolumes`, 'have lost their'];
      return [
        {
          level: 'warn',
          message: `${count} of ${formatBytes(bytes)} with reclaim policy Retain ${have} claim: ${names}`,
          hint: 'to free the storage, set spec.persistentVolumeReclaimPolicy of the volume to Delete: Kubernetes then deletes it with its data',
        },
      ];
    });
  },
};

function isLeaked(volume: PersistentVolume): boolean {
  const { spec, status } = volume;
  return (
    status?.phase === 'Released' &&
    spec.csi !== undefined &&
    spec.persistentVolumeReclaimPolicy === 'Retain' &&
    readSwapped(volume) === undefined
  );
}
