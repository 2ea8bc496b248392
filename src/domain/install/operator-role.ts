/** The operator's own roles; `docs/rbac.md` explains each right. */
import type { Named, Role } from '#src/api/kubernetes.ts';
import { clusterRole, operatorName } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  clusterRoles,
  cronJobs,
  events,
  jobs,
  leases,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  roleBindings,
  roles,
  serviceAccounts,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { objectLabels, type InstallOptions } from './options.ts';
import { on, onSub, onWorkloads, runsInPods } from './rule.ts';

/**
 * The operator gets this role in all namespaces, or in the namespaces that it watches. The role does not include the
 * rights to carry sessions out: the Jobs have their own roles, and `in-process` binds those to the operator, too. A
 * separate binding lets all ServiceAccounts list snapshot classes.
 */
export function buildOperatorRole(options: InstallOptions): Named<Role> {
  const { runSessions, watchNamespaces } = options;
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: clusterRole.operator, labels: objectLabels(options) },
    rules: [
      on(backupConfigurations, 'list', 'watch', 'patch'),
      on(backupSessions, 'get', 'list', 'watch', 'create', 'patch', 'delete'),
      on(restoreSessions, 'get', 'list', 'watch', 'patch', 'delete'),
      onSub(backupConfigurations, 'status', 'patch'),
      onSub(backupSessions, 'status', 'patch'),
      onSub(restoreSessions, 'status', 'patch'),
      // Objects that the operator creates for a configuration or a session.
      on(cronJobs, 'get', 'list', 'watch', 'create', 'patch', 'delete'),
      on(jobs, 'get', 'list', 'watch', ...(runSessions === 'in-jobs' ? ['create'] : []), 'delete'),
      on(serviceAccounts, 'get', 'create', 'patch'),
      on(roleBindings, 'get', 'create', 'patch'),
      {
        ...on(watchNamespaces === undefined ? clusterRoles : roles, 'bind'),
        resourceNames: [clusterRole.trigger, clusterRole.snapshotter, clusterRole.restorer],
      },
      // To look targets up, and to thaw the application of a session whose executor died.
      ...onWorkloads('get', 'list', 'watch'),
      on(persistentVolumeClaims, 'get', 'list', 'watch'),
      on(pods, 'get', 'list', 'watch'),
      runsInPods,
      // To see which snapshots the dead executor created, for retention, and to record on snapshots that their session
      // failed.
      on(volumeSnapshots, 'list', 'watch', 'patch', 'delete'),
      on(events, 'create', 'patch'),
    ],
  };
}

/** The Lease in the operator's namespace. RBAC cannot restrict `create` by resource name. */
export function buildLeaseRole(options: InstallOptions): Named<Role> {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: operatorName, namespace: options.namespace, labels: objectLabels(options) },
    rules: [on(leases, 'create'), { ...on(leases, 'get', 'patch'), resourceNames: [operatorName] }],
  };
}
