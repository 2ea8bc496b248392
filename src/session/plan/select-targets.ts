/** Finds the workloads that a command selects by kind and labels. */
import { targetTypes } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { StashError } from '#src/errors.ts';

import type { NamespaceReader } from './namespace-reader.ts';

/** `labelSelector` undefined selects all. Rejects with 'not-found' if no workload matches. */
export async function selectTargets(
  { cluster, namespace, namespaceExists }: NamespaceReader,
  kinds: readonly Target['kind'][],
  labelSelector: string | undefined,
): Promise<Target[]> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await cluster.list(targetTypes[kind].resource, { namespace, labelSelector });
      return items.map(({ metadata }) => ({ kind, name: metadata.name, namespace }));
    }),
  );
  const targets = found.flat();
  if (targets.length > 0) return targets;
  await namespaceExists();
  const what = kinds.map((kind) => targetTypes[kind].resource.plural).join(' or ');
  const which = labelSelector === undefined ? '' : ` with labels ${labelSelector}`;
  throw new StashError('not-found', `no ${what}${which} in namespace ${namespace}`, {
    hint: commandLine`kubectl get ${kinds.map((kind) => targetTypes[kind].resource.plural).join(',')} -n ${namespace} --show-labels`,
  });
}
