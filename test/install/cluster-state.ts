/** The objects in a cluster that an installation may change. */
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

/**
 * Resolves with objects by key, such as `ClusterRole kubectl-stash-operator` or `Role
 * kubectl-stash/kubectl-stash-operator`.
 */
export async function stateOf(cluster: Cluster): Promise<Map<string, Stored<KubernetesObject>>> {
  const lists = await Promise.all(
    // A cluster that does not serve the kind has no object of it.
    kinds.map((kind) => cluster.list(kind).catch(() => ({ items: [] }))),
  );
  const entries = lists
    .flatMap(({ items }) => items)
    // The control plane creates this account in every namespace, at any time.
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

/**
 * Returns the keys of objects that were added, removed or changed. Ignores statuses, which controllers write.
 */
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
