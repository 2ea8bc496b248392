/** Whether the operator can work in this cluster at all. */
import { appscodeOperatorGroup, stashGroup } from '#src/api/labels.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { StashError } from '#src/errors.ts';

export async function checkNeighbours(cluster: Cluster): Promise<void> {
  const groups = await cluster.groups();
  if (groups.includes(appscodeOperatorGroup)) {
    throw new StashError(
      'precondition',
      "AppsCode's Stash operator runs in this cluster: two operators would carry out every session twice",
      { hint: "uninstall one of them: AppsCode's, or this one by:\nkubectl stash uninstall" },
    );
  }
  if (!groups.includes(stashGroup)) {
    throw new StashError('precondition', 'the cluster has no Stash CRDs', {
      hint: 'kubectl stash install',
    });
  }
}
