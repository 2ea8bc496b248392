import { appscodeOperatorGroup } from '#src/api/labels.ts';

import type { Cluster } from './port.ts';

/** Whether AppsCode's Stash operator runs in this cluster; asks the API server for its groups. */
export async function hasAppscode(cluster: Pick<Cluster, 'groups'>): Promise<boolean> {
  return (await cluster.groups()).includes(appscodeOperatorGroup);
}
