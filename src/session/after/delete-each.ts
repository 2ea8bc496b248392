/** Deletes objects. Safe to repeat: an object that does not exist counts as deleted. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { deleteSame } from '#src/cluster/delete-same.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist } from '#src/session/persist.ts';

/** How many deletions are in flight at once. */
const deletesInFlight = 16;
/** How long to retry. After the next session, this program deletes what is left. */
const patienceMs = 30_000;

export interface Deleted {
  /** Names of the deleted objects, in the order given. */
  readonly deleted: readonly string[];
  /** The first failure; it did not stop the other deletions. */
  readonly failure?: StashError;
}

/** Deletes each object by its UID, so that a new object of the same name stays. Rejects only with 'interrupted'. */
export async function deleteEach(
  environment: HoldEnvironment,
  resource: Resource,
  objects: readonly Stored<KubernetesObject>[],
): Promise<Deleted> {
  const { cluster, clock, signal } = environment;
  const until = untilTrouble(clock.now());
  const gone = new Set<string>();
  const remove = async (object: Stored<KubernetesObject>) => {
    if (signal.aborted) throw new StashError('interrupted', 'interrupted');
    await persist(environment, () => deleteSame(cluster, resource, object), { until });
    gone.add(object.metadata.name);
  };
  const deleted = () => objects.map(({ metadata }) => metadata.name).filter((name) => gone.has(name));
  try {
    await forEachBounded(objects, deletesInFlight, remove);
    return { deleted: deleted() };
  } catch (error) {
    if (!isStashError(error) || signal.aborted) throw error;
    return { deleted: deleted(), failure: error };
  }
}

/** Returns until when to retry a request after the session's end. */
export function untilTrouble(now: Date): Date {
  return new Date(now.getTime() + patienceMs);
}
