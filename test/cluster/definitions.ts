/** Defines the kinds that are not part of Kubernetes. */
import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { readDefinitions } from '#test/support/read-definitions.ts';

import { until } from './until.ts';

/**
 * Applies the upstream snapshot definitions in `directory` and the definitions `stash`. Resolves when all are
 * served.
 */
export async function define(
  cluster: Cluster,
  directory: string,
  stash: readonly CustomResourceDefinition[],
): Promise<void> {
  const snapshots = [
    ...(await readDefinitions(directory, 'snapshot.storage.k8s.io')),
    ...(await readDefinitions(directory, 'groupsnapshot.storage.k8s.io')),
  ];
  const made = await Promise.all(
    [...snapshots, ...stash].map((definition) => cluster.create(customResourceDefinitions, definition)),
  );
  await Promise.all(
    made.map(({ metadata: { name } }) =>
      until(cluster, customResourceDefinitions, { name }, ({ status }) =>
        (status?.conditions ?? []).some(({ type, status }) => type === 'Established' && status === 'True'),
      ),
    ),
  );
}
