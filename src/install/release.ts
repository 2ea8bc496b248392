/** Gives a BackupConfiguration back: without an operator, nobody lets it go, and its status is nobody's word. */
import type { Stored } from '#src/api/kubernetes.ts';
import { configurationFinalizer } from '#src/api/operator.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isStashError } from '#src/errors.ts';

import { find } from './find.ts';

/** The status goes too: whoever finds one there takes it that an operator carries sessions out. */
export async function release(cluster: Cluster, configuration: Stored<BackupConfiguration>): Promise<void> {
  const at = { name: configuration.metadata.name, namespace: configuration.metadata.namespace };
  if (configuration.status !== undefined) {
    await cluster
      .patch(backupConfigurations, at, { status: null }, { subresource: 'status' })
      .catch(unlessGone);
  }
  for (
    let current: typeof configuration | undefined = await find(cluster, backupConfigurations, at);
    current;
  ) {
    const { finalizers = [], resourceVersion } = current.metadata;
    const others = finalizers.filter((finalizer) => finalizer !== configurationFinalizer);
    if (others.length === finalizers.length) return;
    try {
      await cluster.patch(backupConfigurations, at, { metadata: { resourceVersion, finalizers: others } });
      return;
    } catch (error) {
      if (!isStashError(error, 'conflict', 'not-found')) throw error;
    }
    current = await find(cluster, backupConfigurations, at);
  }
}

function unlessGone(error: unknown): undefined {
  if (isStashError(error, 'not-found')) return undefined;
  throw error;
}
