/** Finds foreign objects in the namespace that `install` created. */
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  persistentVolumeClaims,
  pods,
  replicaSets,
  replicationControllers,
  restoreSessions,
  roleBindings,
  roles,
  serviceAccounts,
  statefulSets,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { listAny } from './list-any.ts';

function core(kind: string): Resource {
  return { group: '', version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced: true };
}

const configMaps = core('ConfigMap');

const kinds: readonly Resource[] = [
  ...[persistentVolumeClaims, volumeSnapshots, backupConfigurations, backupSessions, restoreSessions],
  ...[deployments, statefulSets, daemonSets, replicaSets, replicationControllers, cronJobs, jobs, pods],
  ...[configMaps, core('Secret'), core('Service'), serviceAccounts, roles, roleBindings],
];

/** The control plane creates these objects in every namespace. */
function isBuiltIn({ plural }: Resource, name: string): boolean {
  return (
    (plural === configMaps.plural && name === 'kube-root-ca.crt') ||
    (plural === serviceAccounts.plural && name === 'default')
  );
}

/** Returns foreign objects as `secret/registry`. Looks for Kubernetes' built-in kinds and those of Stash. */
export async function foreignObjectsIn(cluster: Cluster, namespace: string): Promise<string[]> {
  const found = await Promise.all(
    kinds.map(async (resource) => {
      const items = await listAny(cluster, resource, { namespace, metadataOnly: true });
      return items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .filter(({ metadata }) => !isBuiltIn(resource, metadata.name))
        .map(({ metadata }) => `${resource.kind.toLowerCase()}/${metadata.name}`);
    }),
  );
  return found.flat();
}
