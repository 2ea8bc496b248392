import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildUserRights, userRoles } from '#src/domain/install/user-roles.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';
const subjects = [{ apiGroup, kind: 'User', name: 'jane' }];

test('a user is granted each role by a binding of its own', () => {
  const { roles, bindings } = buildUserRights('jane', 'demo');
  assert.deepEqual(
    roles.map(({ rules }) => rules),
    Object.values(userRoles).map(({ rules }) => rules),
  );
  assert.deepEqual(
    roles.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata })),
    [
      ...['kubectl-stash', 'kubectl-stash-schedules', 'kubectl-stash-hooks-and-deletions'].map((name) => ({
        apiVersion,
        kind: 'Role',
        metadata: { name, namespace: 'demo' },
      })),
      { apiVersion, kind: 'ClusterRole', metadata: { name: 'kubectl-stash-classes' } },
    ],
  );
  assert.deepEqual(bindings, [
    ...[
      ['stash', 'kubectl-stash'],
      ['stash-schedules', 'kubectl-stash-schedules'],
      ['stash-hooks', 'kubectl-stash-hooks-and-deletions'],
    ].map(([name, role]) => ({
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name, namespace: 'demo' },
      roleRef: { apiGroup, kind: 'Role', name: role },
      subjects,
    })),
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'stash-classes' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'kubectl-stash-classes' },
      subjects,
    },
  ]);
});
