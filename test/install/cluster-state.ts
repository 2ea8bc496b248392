/** What stands in a cluster, as far as an installation can touch it. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  clusterRoleBindings,
  clusterRoles,
  cronJobs,
  customResourceDefinitions,
  deployments,
  leases,
  namespaces,
  networkPolicies,
  podDisruptionBudgets,
  restoreSessions,
  roleBindings,
  roles,
  serviceAccounts,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

const kinds: readonly Resource[] = [
  ...[namespaces, customResourceDefinitions, serviceAccounts, clusterRoles, clusterRoleBindings],
  ...[roles, roleBindings, podDisruptionBudgets, networkPolicies, deployments, leases],
  ...[cronJobs, backupConfigurations, backupSessions, restoreSessions, volumeSnapshots],
];

/** `ClusterRole kubectl-stash-operator`, `Role kubectl-stash/kubectl-stash-operator`, and each object. */
export async function stateOf(cluster: Cluster): Promise<Map<string, Stored<KubernetesObject>>> {
  const lists = await Promise.all(
    // A cluster without the kind has none of it.
    kinds.map((kind) => cluster.list(kind).catch(() => ({ items: [] }))),
  );
  const entries = lists
    .flatMap(({ items }) => items)
    // The control plane makes one in every namespace, in its own time.
    .filter(({ kind, metadata }) => kind !== 'ServiceAccount' || metadata.name !== 'default')
    .map((object): [string, Stored<KubernetesObject>] => {
      const { name, namespace } = object.metadata;
      return [`${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`, object];
    });
  return new Map(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

export async function namesIn(cluster: Cluster): Promise<string[]> {
  return [...(await stateOf(cluster)).keys()];
}

/** Keys of those that are in one and not, or otherwise, in the other. Controllers write statuses on their own. */
export function changes(
  before: ReadonlyMap<string, Stored<KubernetesObject>>,
  after: ReadonlyMap<string, Stored<KubernetesObject>>,
): string[] {
  const told = (object: Stored<KubernetesObject> | undefined) => {
    const { uid, labels, finalizers, deletionTimestamp } = object?.metadata ?? {};
    const content = {
      ...object,
      status: undefined,
      metadata: { uid, labels, finalizers, deletionTimestamp },
    };
    return JSON.stringify(content);
  };
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => told(before.get(key)) !== told(after.get(key)))
    .sort();
}
