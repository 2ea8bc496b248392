/** Puts the marks of `pin` on the snapshots of restore points, and takes them off. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { isStashError } from '#src/errors.ts';

const patchesInFlight = 16;

export type Pinning = 'pin' | 'unpin';

const annotations: Readonly<Record<Pinning, Readonly<Record<string, string | null>>>> = {
  pin: { [annotation.pinned]: 'true' },
  unpin: { [annotation.pinned]: null, [annotation.keepUntil]: null },
};

/** Whether the snapshot is as `pinning` leaves it. */
export function isSo({ metadata }: Stored<VolumeSnapshot>, pinning: Pinning): boolean {
  return Object.entries(annotations[pinning]).every(
    ([key, value]) => metadata.annotations?.[key] === (value ?? undefined),
  );
}

/** A snapshot that was deleted meanwhile is left out. Rejects as a patch does; safe to repeat. */
export async function pinSnapshots(
  cluster: Cluster,
  snapshots: readonly Stored<VolumeSnapshot>[],
  pinning: Pinning,
): Promise<void> {
  await forEachBounded(snapshots, patchesInFlight, async ({ metadata: { name, namespace, uid } }) => {
    const patch = { metadata: { uid, annotations: annotations[pinning] } };
    try {
      await cluster.patch(volumeSnapshots, { name, namespace }, patch);
    } catch (error) {
      if (!isStashError(error, 'not-found')) throw error;
    }
  });
}
