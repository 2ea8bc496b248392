/**
 * The ClusterRoles of the operator's Jobs. The operator binds them in the namespace of the Job only; none of them
 * includes `delete`.
 */
import type { Named, PolicyRule, Role } from '#src/api/kubernetes.ts';
import { clusterRole } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  events,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { objectLabels, type InstallOptions } from './options.ts';
import { on, onSub, onWorkloads, runsInPods } from './rule.ts';

/** `operator create-backupsession` */
export function buildTriggerRole(options: InstallOptions): Named<Role> {
  return buildClusterRole(clusterRole.trigger, options, [
    on(backupConfigurations, 'get'),
    on(backupSessions, 'list', 'create'),
  ]);
}

/** `operator create-vs` */
export function buildSnapshotterRole(options: InstallOptions): Named<Role> {
  return buildClusterRole(clusterRole.snapshotter, options, [
    on(backupConfigurations, 'get'),
    on(backupSessions, 'get', 'list', 'watch', 'patch'),
    onSub(backupSessions, 'status', 'patch'),
    on(volumeSnapshots, 'get', 'list', 'watch', 'create'),
    on(persistentVolumeClaims, 'get', 'list'),
    ...onWorkloads('get'),
    on(pods, 'get', 'list'),
    runsInPods,
  ]);
}

/** `operator restore-vs` */
export function buildRestorerRole(options: InstallOptions): Named<Role> {
  return buildClusterRole(clusterRole.restorer, options, [
    on(restoreSessions, 'get', 'list', 'watch', 'patch'),
    onSub(restoreSessions, 'status', 'patch'),
    on(persistentVolumeClaims, 'get', 'list', 'watch', 'create'),
    on(volumeSnapshots, 'list'),
    ...onWorkloads('get'),
    on(pods, 'get', 'list', 'watch'),
    runsInPods,
    on(events, 'list', 'watch'),
  ]);
}

/** Classes are cluster-scoped: a RoleBinding cannot grant the right to list them. */
export function buildClassesRole(options: InstallOptions): Named<Role> {
  return buildClusterRole(clusterRole.snapshotClasses, options, [
    on(volumeSnapshotClasses, 'list'),
    on(storageClasses, 'list'),
  ]);
}

function buildClusterRole(name: string, options: InstallOptions, rules: PolicyRule[]): Named<Role> {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels: objectLabels(options) },
    rules,
  };
}
