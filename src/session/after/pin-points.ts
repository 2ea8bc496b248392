/** Writes the annotations of `pin` on the snapshots of restore points. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

import { annotateSnapshots } from './annotate-snapshots.ts';
import type { HoldEnvironment } from '#src/session/holding/held.ts';

export type Pinning = 'pin' | 'unpin';

const annotations: Readonly<Record<Pinning, Readonly<Record<string, string | null>>>> = {
  pin: { [annotation.pinned]: 'true' },
  unpin: { [annotation.pinned]: null, [annotation.keepUntil]: null },
};

/** Whether the snapshot already has the annotations of `pinning`. */
export function isSo({ metadata }: Stored<VolumeSnapshot>, pinning: Pinning): boolean {
  return Object.entries(annotations[pinning]).every(
    ([key, value]) => metadata.annotations?.[key] === (value ?? undefined),
  );
}

/** Safe to repeat. Rejects as a patch does. */
export async function pinSnapshots(
  environment: HoldEnvironment,
  namespace: string,
  snapshots: readonly Stored<VolumeSnapshot>[],
  pinning: Pinning,
): Promise<void> {
  await annotateSnapshots(environment, namespace, snapshots, () => annotations[pinning]);
}
