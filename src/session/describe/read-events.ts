/** Reads the Events about a few objects. */
import type { Event, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { events } from '#src/api/resources.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Read } from '#src/domain/checks/check.ts';

import type { NamespaceReader } from '#src/session/plan/namespace-reader.ts';
import { orLacking } from '#src/session/plan/or-lacking.ts';

/** The limit of objects whose Events are read: a page shows only a few Events. */
const mostObjects = 60;
const atOnce = 8;

/** Reads Events by UID, because an earlier object of the same name may have Events, too. */
export async function readEvents(
  { cluster, namespace }: NamespaceReader,
  about: readonly Stored<KubernetesObject>[],
): Promise<Read<Stored<Event>[]>> {
  const uids = [...new Set(about.map(({ metadata }) => metadata.uid))].slice(0, mostObjects);
  return orLacking({ verb: 'list', resource: events }, namespace, async () => {
    const found: Stored<Event>[] = [];
    await forEachBounded(uids, atOnce, async (uid) => {
      const scope = { namespace, fieldSelector: `involvedObject.uid=${uid}` };
      found.push(...(await cluster.list(events, scope)).items);
    });
    return found;
  });
}
