/** The workloads of some kinds, in place of their names. */
import type { Resource } from '#src/api/resources.ts';
import { targetTypes, type Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import type { Surroundings } from './surroundings.ts';

/** `labelSelector`: left out, all of them. Rejects with 'not-found' where there is none. */
export async function selectTargets(
  { cluster, namespace, namespaceExists }: Surroundings,
  kinds: readonly Target['kind'][],
  labelSelector: string | undefined,
): Promise<Target[]> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const resource: Resource = targetTypes[kind].resource;
      const { items } = await cluster.list(resource, { namespace, labelSelector });
      return items.map(({ metadata }) => ({ kind, name: metadata.name, namespace }));
    }),
  );
  const targets = found.flat();
  if (targets.length > 0) return targets;
  await namespaceExists();
  const what = kinds.map((kind) => targetTypes[kind].resource.plural).join(' or ');
  const which = labelSelector === undefined ? '' : ` with labels ${labelSelector}`;
  throw new StashError('not-found', `no ${what}${which} in namespace ${namespace}`, {
    hint: `kubectl get ${kinds.map((kind) => targetTypes[kind].resource.plural).join(',')} -n ${namespace} --show-labels`,
  });
}
