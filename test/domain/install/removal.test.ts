import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  backupConfigurations,
  clusterRoleBindings,
  clusterRoles,
  leases,
  namespaces,
  restoreSessions,
  roleBindings,
  roles,
} from '#src/api/resources.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import {
  countKinds,
  elsewhere,
  isSamePlace,
  placeOf,
  placesOfOperator,
  tellsHome,
  unfinishedSessions,
  type Place,
} from '#src/domain/install/removal.ts';
import { stored } from '#test/domain/objects.ts';

const home = 'backup';
const options = { namespace: home, image: 'a', replicas: 2, version: 'v1' } as const;
const lease: Place = { resource: leases, name: 'kubectl-stash-operator', namespace: home };

function keyOf({ resource, name, namespace }: Place): string {
  return `${resource.plural}/${name}/${namespace ?? ''}`;
}

test('an uninstall deletes whatever an installation created, each once, except the namespace', () => {
  for (const watchNamespaces of [undefined, ['demo', 'shop']]) {
    const places = placesOfOperator({ home, watchNamespaces });
    const keys = places.map(keyOf);
    assert.equal(new Set(keys).size, keys.length);
    assert.deepEqual(places.at(-1), lease);
    const forms = [
      { ...options, runSessions: 'in-process' },
      { ...options, runSessions: 'in-jobs', watchNamespaces },
      { ...options, runSessions: 'in-process', watchNamespaces },
    ] as const;
    const created = new Set(forms.flatMap((form) => operatorManifests(form).map(placeOf).map(keyOf)));
    created.delete(`namespaces/${home}/`);
    assert.deepEqual([...created, keyOf(lease)].sort(), keys.sort());
  }
});

test('a place is that of the same kind, name and namespace', () => {
  const place = { resource: roles, name: 'a', namespace: 'demo' };
  assert.ok(isSamePlace(place)({ ...place }));
  for (const other of [{ resource: roleBindings }, { name: 'b' }, { namespace: 'shop' }])
    assert.ok(!isSamePlace(place)({ ...place, ...other }));
});

test('a namespace is named where it is not the one of the operator', () => {
  assert.equal(elsewhere({}, home), '');
  assert.equal(elsewhere({ namespace: home }, home), '');
  assert.equal(elsewhere({ namespace: 'demo' }, home), ' in namespace demo');
});

test('the ClusterRoleBindings that tell an installation', () => {
  const tells = (resource: Place['resource'], name: string) => tellsHome({ resource, name });
  assert.ok(tells(clusterRoleBindings, 'kubectl-stash-operator'));
  assert.ok(tells(clusterRoleBindings, 'kubectl-stash-snapshot-classes'));
  assert.ok(!tells(clusterRoleBindings, 'kubectl-stash-trigger'));
  assert.ok(!tells(clusterRoles, 'kubectl-stash-operator'));
});

test('kinds are counted in singular and plural', () => {
  const text = countKinds([
    [backupConfigurations, 3],
    [namespaces, 0],
    [restoreSessions, 1],
  ]);
  assert.equal(text, '3 backupconfigurations, 1 restoresession');
});

test('an uninstall is refused while sessions are unfinished, and names five of them', () => {
  const of = (count: number) =>
    unfinishedSessions(
      Array.from({ length: count }, (_, index) =>
        stored({ apiVersion: 'v1', kind: 'BackupSession', metadata: { name: `s-${index}` } }),
      ),
    );
  const named = (count: number) =>
    Array.from({ length: count }, (_, index) => `backupsession/s-${index} in namespace demo`).join(', ');
  const wait = 'kubectl stash wait s-0 -n demo';
  const rows: [number, string, string][] = [
    [1, `a session is not finished: ${named(1)}`, `wait for it:\n${wait}\nor leave it as it is with --force`],
    [
      5,
      `5 sessions are not finished: ${named(5)}`,
      `wait for them:\n${wait}\nor leave them as they are with --force`,
    ],
    [
      7,
      `7 sessions are not finished: ${named(5)} and 2 more`,
      `wait for them:\n${wait}\nor leave them as they are with --force`,
    ],
  ];
  for (const [count, message, hint] of rows) {
    const refusal = of(count);
    assert.deepEqual([refusal?.kind, refusal?.message, refusal?.hint], ['precondition', message, hint]);
  }
  assert.equal(of(0), undefined);
});
