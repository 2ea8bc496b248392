/**
 * The ClusterRoles that every cluster has, with their bindings: basic rights of all users, cluster-admin, and
 * the roles that admins bind to users.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';

import { rbacGroup } from './resolve.ts';
import { userRoles } from './user-roles.ts';

const apiVersion = `${rbacGroup}/v1`;
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

function resource(kind: string): Resource {
  return { group: rbacGroup, version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced: false };
}

const health = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const documents = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];

const roles: Readonly<Record<string, readonly object[]>> = {
  'cluster-admin': [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ],
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:discovery': [{ nonResourceURLs: [...documents, ...health], verbs: ['get'] }],
  'system:public-info-viewer': [{ nonResourceURLs: health, verbs: ['get'] }],
};

/** Which groups each role is bound to. */
const bindings: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'],
  'system:basic-user': ['system:authenticated'],
  'system:discovery': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
};

export const bootstrapRoles: readonly (readonly [Resource, KubernetesObject])[] = [
  ...Object.entries(roles).map(([name, rules]): [Resource, KubernetesObject] => [
    resource('ClusterRole'),
    { apiVersion, kind: 'ClusterRole', metadata: { name, labels, annotations }, ...{ rules } },
  ]),
  ...Object.entries(userRoles).map(([name, { labels: more, ...role }]): [Resource, KubernetesObject] => [
    resource('ClusterRole'),
    {
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name, labels: { ...labels, ...more }, annotations },
      ...role,
    },
  ]),
  ...Object.entries(bindings).map(([name, groups]): [Resource, KubernetesObject] => [
    resource('ClusterRoleBinding'),
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels, annotations },
      ...{
        roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
        subjects: groups.map((group) => ({ apiGroup: rbacGroup, kind: 'Group', name: group })),
      },
    },
  ]),
];
