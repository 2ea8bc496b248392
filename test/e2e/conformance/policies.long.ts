/** The RBAC kinds, and the tables of the kinds that an operator consists of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listOf, text } from '#test/support/json-client.ts';

import { openApi } from './open-api.ts';
import { mergePatch, messageOf } from './requests.ts';

const api = await openApi();
const rbac = 'rbac.authorization.k8s.io';
const clusterRoles = `/apis/${rbac}/v1/clusterroles`;
const name = `${api.namespace}:reader`;

test('columns', async () => {
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const podColumns = 'Containers, Images, Selector';
  const rows: [path: string, columns: string][] = [
    [api.at(`${rbac}/v1`, 'roles'), 'Name, Created At'],
    [clusterRoles, 'Name, Created At'],
    [api.at(`${rbac}/v1`, 'rolebindings'), 'Name, Role, Age, Users, Groups, ServiceAccounts'],
    [
      api.at('policy/v1', 'poddisruptionbudgets'),
      'Name, Min Available, Max Unavailable, Allowed Disruptions, Age',
    ],
    [api.at('networking.k8s.io/v1', 'networkpolicies'), 'Name, Pod-Selector, Age'],
    [api.at('coordination.k8s.io/v1', 'leases'), 'Name, Holder, Age'],
    [api.at('v1', 'serviceaccounts'), 'Name, Age'],
    [api.at('batch/v1', 'jobs'), `Name, Status, Completions, Duration, Age, ${podColumns}`],
    [
      api.at('batch/v1', 'cronjobs'),
      `Name, Schedule, Timezone, Suspend, Active, Last Schedule, Age, ${podColumns}`,
    ],
  ];
  for (const [path, columns] of rows) {
    const { body } = await api.send('GET', path, undefined, accept);
    const names = listOf(body['columnDefinitions']).map((column) => text(column['name']));
    assert.equal(names.join(', '), columns);
  }
});

test('a role may have a name that other kinds may not, and the roleRef of a binding is immutable', async (t) => {
  t.after(() => api.send('DELETE', `${clusterRoles}/${name}`));
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  assert.equal((await api.send('POST', clusterRoles, { metadata: { name }, rules })).code, 201);
  const bindings = api.at(`${rbac}/v1`, 'rolebindings');
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name };
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: api.namespace }];
  const bound = await api.send('POST', bindings, { metadata: { name: 'b:1' }, roleRef, subjects });
  assert.equal(bound.code, 201);
  const change = { roleRef: { ...roleRef, name: 'view' } };
  const { code, body } = await api.send('PATCH', `${bindings}/b:1`, change, mergePatch);
  assert.equal(code, 422);
  const [cause] = listOf(body['details']?.['causes']);
  assert.equal(text(cause?.['field']), 'roleRef');
  assert.match(text(cause?.['message']), /: cannot change roleRef$/);
  const wrong = await api.send('POST', clusterRoles, { metadata: { name: 'a/b' }, rules });
  assert.deepEqual(
    [wrong.code, messageOf(wrong)],
    [422, `ClusterRole.${rbac} "a/b" is invalid: metadata.name: Invalid value: "a/b": may not contain '/'`],
  );
});
