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
    userRoles.map(({ rules }) => rules),
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
      { apiVersion, kind: 'Role', metadata: { name: 'kubectl-stash-files', namespace: 'demo' } },
      { apiVersion, kind: 'Role', metadata: { name: 'kubectl-stash-probe', namespace: 'demo' } },
      { apiVersion, kind: 'Role', metadata: { name: 'kubectl-stash-in-place', namespace: 'demo' } },
      { apiVersion, kind: 'ClusterRole', metadata: { name: 'kubectl-stash-in-place' } },
      { apiVersion, kind: 'ClusterRole', metadata: { name: 'kubectl-stash-doctor' } },
    ],
  );
  const granted = (kind: string, binding: string, role: string) => ({
    ...{ apiVersion, kind: `${kind}Binding`, roleRef: { apiGroup, kind, name: role }, subjects },
    metadata: { name: binding, ...(kind === 'Role' && { namespace: 'demo' }) },
  });
  assert.deepEqual(bindings, [
    granted('Role', 'stash', 'kubectl-stash'),
    granted('Role', 'stash-schedules', 'kubectl-stash-schedules'),
    granted('Role', 'stash-hooks', 'kubectl-stash-hooks-and-deletions'),
    granted('ClusterRole', 'stash-classes', 'kubectl-stash-classes'),
    granted('Role', 'stash-files', 'kubectl-stash-files'),
    granted('Role', 'stash-probe', 'kubectl-stash-probe'),
    granted('Role', 'stash-in-place', 'kubectl-stash-in-place'),
    granted('ClusterRole', 'stash-in-place', 'kubectl-stash-in-place'),
    granted('ClusterRole', 'stash-doctor', 'kubectl-stash-doctor'),
  ]);
});
