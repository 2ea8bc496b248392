/** What the operator itself may do. `docs/rbac.md` tells what each right is for. */
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
  serviceAccounts,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { objectLabels, type InstallOptions } from './options.ts';
import { on, onSub, onWorkloads, runsInPods } from './rule.ts';

/**
 * In every namespace. To carry sessions out is not among it: that is for the Jobs, and for an operator that does it
 * in-process by further bindings. Snapshot classes are for all service accounts, so for this one too.
 */
export function buildOperatorRole(options: InstallOptions): Named<Role> {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: clusterRole.operator, labels: objectLabels(options) },
    rules: [
      on(backupConfigurations, 'list', 'watch', 'patch'),
      on(backupSessions, 'get', 'list', 'watch', 'create', 'patch', 'delete'),
      on(restoreSessions, 'get', 'list', 'watch', 'patch'),
      onSub(backupConfigurations, 'status', 'patch'),
      onSub(backupSessions, 'status', 'patch'),
      onSub(restoreSessions, 'status', 'patch'),
      // What it makes for a configuration or a session.
      on(cronJobs, 'get', 'list', 'watch', 'create', 'patch', 'delete'),
      on(jobs, 'get', 'list', 'watch', 'create', 'delete'),
      on(serviceAccounts, 'get', 'create', 'patch'),
      on(roleBindings, 'get', 'create', 'patch'),
      {
        ...on(clusterRoles, 'bind'),
        resourceNames: [clusterRole.trigger, clusterRole.snapshotter, clusterRole.restorer],
      },
      // Targets, and the end of a session whose executor died: the thaw.
      ...onWorkloads('get', 'list', 'watch'),
      on(persistentVolumeClaims, 'get', 'list', 'watch'),
      on(pods, 'get', 'list', 'watch'),
      runsInPods,
      // How far that one came; and retention.
      on(volumeSnapshots, 'list', 'watch', 'delete'),
      on(events, 'create', 'patch'),
    ],
  };
}

/** In its own namespace: the Lease. A name cannot be demanded of what is yet to be created. */
export function buildLeaseRole(options: InstallOptions): Named<Role> {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: operatorName, namespace: options.namespace, labels: objectLabels(options) },
    rules: [on(leases, 'create'), { ...on(leases, 'get', 'patch'), resourceNames: [operatorName] }],
  };
}
