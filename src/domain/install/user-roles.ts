/** The roles for users of the command line, as in `docs/rbac`: a Role for a namespace, and optional ones. */
import type { Named, PolicyRule, Role, RoleBinding } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  events,
  jobs,
  limitRanges,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  restoreSessions,
  resourceQuotas,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { on, onSub, onWorkloads, runsInPods } from './rule.ts';

const rbac = 'rbac.authorization.k8s.io';

interface UserRole {
  readonly kind: 'Role' | 'ClusterRole';
  readonly name: string;
  /** Name of the binding that grants the role to a user. */
  readonly binding: string;
  readonly rules: readonly PolicyRule[];
}

/** By file name in `docs/rbac`. */
export const userRoles = {
  developer: {
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
  schedules: {
    kind: 'Role',
    name: 'kubectl-stash-schedules',
    binding: 'stash-schedules',
    rules: [on(backupConfigurations, 'patch')],
  },
  'hooks-and-deletions': {
    kind: 'Role',
    name: 'kubectl-stash-hooks-and-deletions',
    binding: 'stash-hooks',
    rules: [on(restoreSessions, 'delete'), on(volumeSnapshots, 'delete'), runsInPods],
  },
  classes: {
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
} as const satisfies Readonly<Record<string, UserRole>>;

/** All user roles and the bindings that grant them to `user`; Roles and RoleBindings are in `namespace`. */
export function buildUserRights(
  user: string,
  namespace: string,
): { readonly roles: readonly Named<Role>[]; readonly bindings: readonly Named<RoleBinding>[] } {
  const all: readonly UserRole[] = Object.values(userRoles);
  const within = (kind: UserRole['kind']) => (kind === 'Role' ? { namespace } : {});
  return {
    roles: all.map(({ kind, name, rules }) => ({
      apiVersion: `${rbac}/v1`,
      kind,
      metadata: { name, ...within(kind) },
      rules: [...rules],
    })),
    bindings: all.map(({ kind, name, binding }) => ({
      apiVersion: `${rbac}/v1`,
      kind: kind === 'Role' ? 'RoleBinding' : 'ClusterRoleBinding',
      metadata: { name: binding, ...within(kind) },
      roleRef: { apiGroup: rbac, kind, name },
      subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
    })),
  };
}
