/** The roles for users of the command line, as in `docs/rbac`: a Role for a namespace, and optional ones. */
import type { Named, PolicyRule, Role, RoleBinding } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  clusterRoleBindings,
  cronJobs,
  csiDrivers,
  csiNodes,
  customResourceDefinitions,
  deployments,
  events,
  jobs,
  leases,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicationControllers,
  restoreSessions,
  resourceQuotas,
  statefulSets,
  storageClasses,
  validatingWebhookConfigurations,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { on, onSub, onWorkloads, runsInPods } from './rule.ts';

const rbac = 'rbac.authorization.k8s.io';

interface UserRole {
  /** The name of the file in `docs/rbac`, without its extension. */
  readonly file: string;
  readonly kind: 'Role' | 'ClusterRole';
  readonly name: string;
  /** Name of the binding that grants the role to a user. */
  readonly binding: string;
  readonly rules: readonly PolicyRule[];
}

/** In the order of the objects in each file. */
export const userRoles: readonly UserRole[] = [
  {
    file: 'developer',
    kind: 'Role',
    name: 'kubectl-stash',
    binding: 'stash',
    rules: [
      on(backupConfigurations, 'list', 'watch', 'create', 'delete'),
      on([backupSessions, restoreSessions], 'get', 'list', 'watch', 'create', 'patch'),
      on(backupSessions, 'delete'),
      {
        ...onSub(backupSessions, 'status', 'patch'),
        resources: ['backupsessions/status', 'restoresessions/status'],
      },
      on(volumeSnapshots, 'get', 'list', 'watch', 'create', 'patch'),
      on(persistentVolumeClaims, 'get', 'list', 'watch', 'create'),
      ...onWorkloads('get', 'list'),
      on(pods, 'list', 'watch'),
      on(events, 'list', 'watch'),
      on(jobs, 'list', 'watch'),
      on([resourceQuotas, limitRanges], 'list'),
    ],
  },
  {
    file: 'schedules',
    kind: 'Role',
    name: 'kubectl-stash-schedules',
    binding: 'stash-schedules',
    rules: [on(backupConfigurations, 'patch')],
  },
  {
    file: 'hooks-and-deletions',
    kind: 'Role',
    name: 'kubectl-stash-hooks-and-deletions',
    binding: 'stash-hooks',
    rules: [on(restoreSessions, 'delete'), on(volumeSnapshots, 'delete'), runsInPods],
  },
  {
    file: 'classes',
    kind: 'ClusterRole',
    name: 'kubectl-stash-classes',
    binding: 'stash-classes',
    rules: [
      on(volumeSnapshotClasses, 'list'),
      on(volumeSnapshotContents, 'get'),
      on(storageClasses, 'list', 'watch'),
      on(persistentVolumes, 'list'),
    ],
  },
  {
    file: 'files',
    kind: 'Role',
    name: 'kubectl-stash-files',
    binding: 'stash-files',
    rules: [on(restoreSessions, 'delete'), on(pods, 'get', 'create'), runsInPods],
  },
  {
    file: 'probe',
    kind: 'Role',
    name: 'kubectl-stash-probe',
    binding: 'stash-probe',
    rules: [on(jobs, 'create', 'delete')],
  },
  {
    file: 'in-place',
    kind: 'Role',
    name: 'kubectl-stash-in-place',
    binding: 'stash-in-place',
    rules: [
      on(restoreSessions, 'get', 'list', 'watch', 'create', 'patch'),
      onSub(restoreSessions, 'status', 'patch'),
      on(persistentVolumeClaims, 'get', 'list', 'watch', 'create', 'patch', 'delete'),
      on(pods, 'list', 'watch', 'delete'),
      {
        ...onSub(deployments, 'scale', 'get', 'patch'),
        resources: ['deployments/scale', 'statefulsets/scale', 'replicasets/scale'],
      },
      onSub(replicationControllers, 'scale', 'get', 'patch'),
      on(statefulSets, 'patch'),
      on([resourceQuotas, limitRanges], 'list'),
    ],
  },
  {
    file: 'in-place',
    kind: 'ClusterRole',
    name: 'kubectl-stash-in-place',
    binding: 'stash-in-place',
    rules: [on(persistentVolumes, 'get', 'list', 'watch', 'patch'), on(nodes, 'list')],
  },
  {
    file: 'doctor',
    kind: 'ClusterRole',
    name: 'kubectl-stash-doctor',
    binding: 'stash-doctor',
    rules: [
      on([csiDrivers, csiNodes], 'list'),
      on(nodes, 'list'),
      on(volumeSnapshotContents, 'get', 'list'),
      on(namespaces, 'get', 'list'),
      on(leases, 'get', 'list'),
      on(clusterRoleBindings, 'get'),
      on(cronJobs, 'list'),
      on(customResourceDefinitions, 'get'),
      on(validatingWebhookConfigurations, 'list'),
    ],
  },
];

/** Returns all user roles and the bindings that grant them to `user`. Roles and RoleBindings are in `namespace`. */
export function buildUserRights(
  user: string,
  namespace: string,
): { readonly roles: readonly Named<Role>[]; readonly bindings: readonly Named<RoleBinding>[] } {
  const within = (kind: UserRole['kind']) => (kind === 'Role' ? { namespace } : {});
  return {
    roles: userRoles.map(({ kind, name, rules }) => ({
      apiVersion: `${rbac}/v1`,
      kind,
      metadata: { name, ...within(kind) },
      rules: [...rules],
    })),
    bindings: userRoles.map(({ kind, name, binding }) => ({
      apiVersion: `${rbac}/v1`,
      kind: kind === 'Role' ? 'RoleBinding' : 'ClusterRoleBinding',
      metadata: { name: binding, ...within(kind) },
      roleRef: { apiGroup: rbac, kind, name },
      subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
    })),
  };
}
