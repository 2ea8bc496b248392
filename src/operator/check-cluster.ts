/** Whether the operator can run in this cluster: the Stash CRDs exist and AppsCode's operator does not run. */
import { appscodeOperatorGroup, stashGroup } from '#src/api/labels.ts';
import { hasAppscode } from '#src/cluster/appscode.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { StashError } from '#src/errors.ts';

/** Between two checks: each one costs a request. */
const lookEveryMs = 10 * 60_000;

/** @throws StashError 'precondition' if AppsCode's operator runs or the Stash CRDs are missing */
export async function checkCluster(cluster: Cluster): Promise<void> {
  const groups = await cluster.groups();
  if (groups.includes(appscodeOperatorGroup)) throw besideAppscode();
  if (!groups.includes(stashGroup)) {
    throw new StashError('precondition', 'the cluster has no Stash CRDs', {
      hint: 'kubectl stash install',
    });
  }
}

/** Resolves with the error to stop with as soon as AppsCode's operator runs; undefined if `signal` aborts first. */
export async function awaitAppscode(
  { cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock },
  signal: AbortSignal,
): Promise<StashError | undefined> {
  while (!signal.aborted) {
    // The reconcilers report an API server that does not answer.
    if (await hasAppscode(cluster).catch(() => false)) return besideAppscode();
    await clock.sleep(lookEveryMs, signal);
  }
  return undefined;
}

function besideAppscode(): StashError {
  return new StashError(
    'precondition',
    "AppsCode's Stash operator runs in this cluster: two operators would carry out every session twice",
    { hint: "uninstall one of them: AppsCode's, or this one by:\nkubectl stash uninstall" },
  );
}
