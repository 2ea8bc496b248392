/** Reads the facts for the checks of the whole cluster, except for lists. */
import { label } from '#src/api/labels.ts';
import {
  apiVersionOf,
  backupSessions,
  customResourceDefinitions,
  leases,
  persistentVolumes,
  validatingWebhookConfigurations,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { controllerLease, oldVolumeSnapshots } from '#src/api/snapshot-controller.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { ClusterFacts } from '#src/domain/checks/check.ts';

import { listOrLacking, orLacking } from './or-lacking.ts';

/** The facts that are the same for all namespaces. */
export type WholeCluster = Pick<
  ClusterFacts,
  'served' | 'controllerLease' | 'definitions' | 'webhooks' | 'swapped'
>;

export async function readCluster(cluster: Cluster): Promise<WholeCluster> {
  const [served, controllerLease, definitions, webhooks, swapped] = await Promise.all([
    readServed(cluster),
    readControllerLease(cluster),
    readDefinitions(cluster),
    listOrLacking(cluster, validatingWebhookConfigurations),
    listOrLacking(cluster, persistentVolumes, { labelSelector: label.restoreSession }),
  ]);
  return { served, controllerLease, definitions, webhooks, swapped };
}

async function readServed(cluster: Cluster): Promise<ClusterFacts['served']> {
  const read = async (resource: Resource) => [apiVersionOf(resource), await cluster.kinds(resource)] as const;
  const served = new Map(await Promise.all([volumeSnapshots, backupSessions].map(read)));
  if (served.get(apiVersionOf(volumeSnapshots))?.length === 0) {
    served.set(apiVersionOf(oldVolumeSnapshots), await cluster.kinds(oldVolumeSnapshots));
  }
  return (resource) => served.get(apiVersionOf(resource)) ?? [];
}

function readControllerLease(cluster: Cluster): Promise<ClusterFacts['controllerLease']> {
  return orLacking({ verb: 'get', resource: leases }, controllerLease.namespace, () =>
    find(cluster, leases, controllerLease),
  );
}

/** Reads the CRDs one by one: a list would contain the schemas of all CRDs of the cluster. */
function readDefinitions(cluster: Cluster): Promise<ClusterFacts['definitions']> {
  const kinds = [volumeSnapshots, volumeSnapshotClasses, volumeSnapshotContents];
  return orLacking({ verb: 'get', resource: customResourceDefinitions }, undefined, async () => {
    const found = await Promise.all(
      kinds.map(({ plural, group }) =>
        find(cluster, customResourceDefinitions, { name: `${plural}.${group}` }),
      ),
    );
    return found.filter((each) => each !== undefined);
  });
}
