import { clusterRole } from '#src/api/operator.ts';
import { clusterRoleBindings } from '#src/api/resources.ts';
import { installationOf, type Installation } from '#src/domain/install/bindings.ts';

import { find } from './find.ts';
import type { Cluster } from './port.ts';

/** Resolves with undefined if no operator of ours is installed. Needs `get clusterrolebindings`. */
export async function findInstallation(cluster: Cluster): Promise<Installation | undefined> {
  const read = (name: string) => find(cluster, clusterRoleBindings, { name });
  return (
    installationOf(await read(clusterRole.operator), undefined) ??
    installationOf(undefined, await read(clusterRole.snapshotClasses))
  );
}
