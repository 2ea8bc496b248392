/** The RBAC kinds, with the fields that tests use. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';

export interface Rule {
  readonly apiGroups: readonly string[];
  /** With subresources, such as `backupsessions/status`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role or a ClusterRole. */
export interface Role extends KubernetesObject {
  rules: readonly Rule[];
}

/** A RoleBinding or a ClusterRoleBinding. */
export interface Binding extends KubernetesObject {
  roleRef: { apiGroup: string; kind: string; name: string };
  subjects: readonly { apiGroup: string; kind: 'User' | 'Group'; name: string }[];
}

export const rbacGroup = 'rbac.authorization.k8s.io';

const kind = <T extends KubernetesObject>(kind: string, namespaced: boolean): Resource<T> => ({
  group: rbacGroup,
  version: 'v1',
  kind,
  plural: `${kind.toLowerCase()}s`,
  namespaced,
});

export const roles = kind<Role>('Role', true);
export const roleBindings = kind<Binding>('RoleBinding', true);
export const clusterRoles = kind<Role>('ClusterRole', false);
export const clusterRoleBindings = kind<Binding>('ClusterRoleBinding', false);
