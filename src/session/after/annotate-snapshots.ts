/** Puts annotations on snapshots. */
import { volumeSnapshots } from '#src/api/resources.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { isStashError } from '#src/errors.ts';

import { untilTrouble } from './delete-each.ts';
import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist } from '#src/session/persist.ts';

const patchesInFlight = 16;

interface Named {
  /** With a UID, leaves a new snapshot of the same name alone. */
  readonly metadata: { readonly name: string; readonly uid?: string };
}

/** A value of null removes an annotation. Leaves out snapshots that no longer exist. Rejects as a patch does. */
export async function annotateSnapshots<S extends Named>(
  { cluster, ...environment }: HoldEnvironment,
  namespace: string | undefined,
  snapshots: readonly S[],
  annotationsOf: (snapshot: S) => Readonly<Record<string, string | null>>,
): Promise<void> {
  const patience = { until: untilTrouble(environment.clock.now()) };
  await forEachBounded(snapshots, patchesInFlight, async (snapshot) => {
    const { name, uid } = snapshot.metadata;
    const patch = { metadata: { ...(uid !== undefined && { uid }), annotations: annotationsOf(snapshot) } };
    try {
      await persist(environment, () => cluster.patch(volumeSnapshots, { name, namespace }, patch), patience);
    } catch (error) {
      if (!isStashError(error, 'not-found', 'conflict')) throw error;
    }
  });
}
