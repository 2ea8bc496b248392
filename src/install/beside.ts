import { appscodeOperatorGroup } from '#src/api/labels.ts';
import type { Cluster } from '#src/cluster/port.ts';

/** Resolves with true if AppsCode's operator runs in this cluster. */
export async function hasAppscode(cluster: Cluster): Promise<boolean> {
  return (await cluster.groups()).includes(appscodeOperatorGroup);
}
