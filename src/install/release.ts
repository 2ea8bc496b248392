/**
 * Releases a BackupConfiguration from the operator: without one, nothing would remove its finalizer or update
 * its status.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import { configurationFinalizer } from '#src/api/operator.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isStashError, type ErrorKind } from '#src/errors.ts';

/**
 * Removes the finalizer and the status. The status has to go because the command line takes it as proof that
 * an operator carries out sessions.
 */
export async function release(
  cluster: Cluster,
  { metadata, status }: Stored<BackupConfiguration>,
): Promise<void> {
  const at = { name: metadata.name, namespace: metadata.namespace };
  if (status !== undefined) {
    const gone = ignoring('not-found');
    await cluster.patch(backupConfigurations, at, { status: null }, { subresource: 'status' }).catch(gone);
  }
  for (;;) {
    const current = await find(cluster, backupConfigurations, at);
    const { finalizers = [], resourceVersion } = current?.metadata ?? {};
    const others = finalizers.filter((finalizer) => finalizer !== configurationFinalizer);
    if (others.length === finalizers.length) return;
    const patch = { metadata: { resourceVersion, finalizers: others } };
    // After a conflict, read the configuration again: another client may have released it meanwhile.
    await cluster.patch(backupConfigurations, at, patch).catch(ignoring('conflict', 'not-found'));
  }
}

function ignoring(...kinds: ErrorKind[]): (error: unknown) => undefined {
  return (error) => {
    if (!isStashError(error, ...kinds)) throw error;
  };
}
