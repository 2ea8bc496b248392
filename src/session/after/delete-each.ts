/** Deletions that may be repeated: what is gone already is as good as deleted. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist } from '#src/session/persist.ts';

/** So many deletions are under way at once. */
const deletesInFlight = 16;
/** What comes after the end of a session may wait for the next one, rather than for a server in trouble. */
const patienceMs = 30_000;

export interface Deleted {
  /** Names, in the order of the objects. */
  readonly deleted: readonly string[];
  /** The first failure; the others went on. */
  readonly failure?: StashError;
}

/** Each by its UID: another one of the same name stays. Rejects only when it is interrupted. */
export async function deleteEach(
  { cluster, clock, signal }: HoldEnvironment,
  resource: Resource,
  objects: readonly Stored<KubernetesObject>[],
): Promise<Deleted> {
  const until = untilTrouble(clock.now());
  const gone = new Set<string>();
  const remove = async ({ metadata: { name, namespace, uid } }: Stored<KubernetesObject>) => {
    if (signal.aborted) throw new StashError('interrupted', 'interrupted');
    try {
      await persist(clock, signal, () => cluster.delete(resource, { name, namespace }, { uid }), { until });
    } catch (error) {
      if (!isStashError(error, 'not-found', 'conflict')) throw error;
    }
    gone.add(name);
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

/** How long a read or a write of this kind is tried. */
export function untilTrouble(now: Date): Date {
  return new Date(now.getTime() + patienceMs);
}
