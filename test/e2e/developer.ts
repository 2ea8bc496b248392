/**
 * The user that runs the plugin on a server with access control: a developer with the rights of `docs/rbac`.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { load, loadAll } from 'js-yaml';

import type { SelfSubjectRulesReview } from '#src/api/kubernetes.ts';
import { selfSubjectAccessReviews, selfSubjectRulesReviews } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import { permissionsOf } from '#test/support/documented-rights.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  rbacGroup,
  roleBindings,
  roles,
  type Binding,
  type Role,
  type Rule,
} from '#test/support/rbac.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import type { Identity } from './plugin.ts';
import type { TestServer } from './server.ts';

type Server = Pick<TestServer, 'cluster' | 'kubeconfig'>;

/** Milliseconds, far longer than an API server needs to learn of a role. */
const patience = 30_000;

/** Resolves with true if the server refuses a user without rights. */
export async function hasAccessControl({ kubeconfig }: Pick<Server, 'kubeconfig'>): Promise<boolean> {
  const flags = { kubeconfig, as: 'stash-e2e-nobody' };
  const { cluster } = await connect(flags, {}, { clock: scaledClock(), version: 'e2e' });
  try {
    const { status } = await cluster.create(selfSubjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: {},
      spec: { resourceAttributes: { namespace: 'default', verb: 'delete', group: '', resource: 'pods' } },
    });
    return status?.allowed === false;
  } finally {
    cluster.close();
  }
}

/** Resolves with the rules of a file in `docs/rbac`. */
export async function documentedRules(
  file:
    | 'developer.yaml'
    | 'schedules.yaml'
    | 'hooks-and-deletions.yaml'
    | 'classes.yaml'
    | 'files.yaml'
    | 'probe.yaml',
): Promise<readonly Rule[]> {
  const text = await readFile(new URL(`../../docs/rbac/${file}`, import.meta.url), 'utf8');
  return (load(text) as Role).rules;
}

/** Resolves with the rules of the Role and those of the ClusterRole in `docs/rbac/in-place.yaml`. */
export async function inPlaceRules(): Promise<readonly [readonly Rule[], readonly Rule[]]> {
  const text = await readFile(new URL('../../docs/rbac/in-place.yaml', import.meta.url), 'utf8');
  const [role, clusterRole] = loadAll(text) as Role[];
  assert(role && clusterRole);
  return [role.rules, clusterRole.rules];
}

/** Grants `user` these rights in the namespace, by a Role and a RoleBinding of that name. */
export async function grantInNamespace(
  { cluster }: Server,
  namespace: string,
  user: string,
  rules: readonly Rule[],
): Promise<void> {
  const metadata = { name: user, namespace };
  await cluster.create(roles, { ...header('Role'), metadata, rules });
  await cluster.create(roleBindings, {
    ...header('RoleBinding'),
    metadata,
    ...bind('Role', user, { kind: 'User', name: user }),
  });
}

/** Grants `group` these rights everywhere. Resolves with a function that revokes them. */
export async function grantEverywhere(
  { cluster }: Server,
  group: string,
  rules: readonly Rule[],
): Promise<() => Promise<void>> {
  const metadata = { name: group };
  await cluster.create(clusterRoles, { ...header('ClusterRole'), metadata, rules });
  await cluster.create(clusterRoleBindings, {
    ...header('ClusterRoleBinding'),
    metadata,
    ...bind('ClusterRole', group, { kind: 'Group', name: group }),
  });
  return async () => {
    await cluster.delete(clusterRoleBindings, metadata);
    await cluster.delete(clusterRoles, metadata);
  };
}

/** Resolves when the server confirms these rights to the user. */
export async function untilGranted(
  { kubeconfig }: Server,
  namespace: string,
  identity: Identity,
  rules: readonly Rule[],
): Promise<void> {
  const { cluster } = await connect(
    { kubeconfig, ...identity },
    {},
    { clock: scaledClock(), version: 'e2e' },
  );
  const deadline = performance.now() + patience;
  try {
    for (;;) {
      const { status } = await cluster.create<SelfSubjectRulesReview>(selfSubjectRulesReviews, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        metadata: {},
        spec: { namespace },
      });
      const known = new Set(
        permissionsOf(
          (status?.resourceRules ?? []).map(({ apiGroups = [], resources = [], verbs }) => ({
            apiGroups,
            resources,
            verbs,
          })),
        ),
      );
      const missing = permissionsOf(rules).filter((permission) => !known.has(permission));
      if (missing.length === 0) return;
      assert(performance.now() < deadline, `not granted: ${missing.join(', ')}`);
      await setTimeout(20);
    }
  } finally {
    cluster.close();
  }
}

function header(kind: string) {
  return { apiVersion: `${rbacGroup}/v1`, kind };
}

function bind(
  kind: 'Role' | 'ClusterRole',
  name: string,
  subject: { kind: 'User' | 'Group'; name: string },
): Pick<Binding, 'roleRef' | 'subjects'> {
  return {
    roleRef: { apiGroup: rbacGroup, kind, name },
    subjects: [{ apiGroup: rbacGroup, ...subject }],
  };
}
