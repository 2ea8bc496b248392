import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { OwnerReference } from '#src/api/kubernetes.ts';
import { findDatabase } from '#src/domain/in-place/database-operators.ts';
import { claim } from '#test/domain/objects.ts';

function owner(apiVersion: string, kind: string, name: string): OwnerReference {
  return { apiVersion, kind, name, uid: `uid-of-${name}` };
}

function labelled(name: string, labels: Record<string, string>, owners: readonly OwnerReference[] = []) {
  return claim(name, { metadata: { name, labels, ownerReferences: [...owners] } });
}

const bootstrap = 'a new Cluster with spec.bootstrap.recovery.volumeSnapshots';
const managedBy = 'app.kubernetes.io/managed-by';
const cnpg = { 'cnpg.io/cluster': 'pg' };
const pxc = { 'app.kubernetes.io/instance': 'shop', [managedBy]: 'percona-xtradb-cluster-operator' };

for (const [apiVersion, operator, recovery] of [
  ['postgresql.cnpg.io/v1', 'CloudNativePG', bootstrap],
  ['postgresql.k8s.enterprisedb.io/v1', 'EDB Postgres', bootstrap],
  ['core.strimzi.io/v1beta2', 'Strimzi', undefined],
  ['kafka.strimzi.io/v1', 'Strimzi', undefined],
  ['psmdb.percona.com/v1', 'Percona', undefined],
  ['pxc.percona.com/v1', 'Percona', undefined],
  ['ps.percona.com/v1', 'Percona', undefined],
  ['upstream.pgv2.percona.com/v1beta1', 'Percona', undefined],
  ['postgres-operator.crunchydata.com/v1beta1', 'Crunchy Postgres', undefined],
] as const) {
  test(`an owner of ${apiVersion} is a database`, () => {
    const of = owner(apiVersion, 'Cluster', 'pg');
    const found = { operator, name: 'cluster/pg', recovery, others: [] };
    const claims = [claim('data')];
    assert.deepEqual(findDatabase({ claims, owners: [of], all: claims }), found);
    const owned = [labelled('data', {}, [of])];
    assert.deepEqual(findDatabase({ claims: owned, owners: [], all: owned }), found);
  });
}

for (const [labels, operator, name] of [
  [cnpg, 'CloudNativePG', 'pg'],
  [{ 'k8s.enterprisedb.io/cluster': 'pg' }, 'EDB Postgres', 'pg'],
  [{ 'strimzi.io/cluster': 'events', [managedBy]: 'strimzi-cluster-operator' }, 'Strimzi', 'events'],
  [pxc, 'Percona', 'shop'],
  [{ 'postgres-operator.crunchydata.com/cluster': 'pg' }, 'Crunchy Postgres', 'pg'],
] as const) {
  test(`a claim with ${Object.keys(labels).join(' and ')} is of a database`, () => {
    const claims = [labelled('data', labels)];
    const found = findDatabase({ claims, owners: [owner('apps/v1', 'StatefulSet', 'db')], all: claims });
    assert.deepEqual([found?.operator, found?.name], [operator, name]);
  });
}

test('no other owner and no other label is', () => {
  for (const labels of [{}, { 'app.kubernetes.io/instance': 'shop' }, { ...pxc, [managedBy]: 'Helm' }]) {
    const claims = [labelled('data', labels)];
    const owners = [owner('apps/v1', 'StatefulSet', 'db'), owner('notcnpg.io/v1', 'Cluster', 'pg')];
    assert.equal(
      findDatabase({ claims, owners: [...owners, owner('v1', 'Pod', 'x')], all: claims }),
      undefined,
    );
  }
});

test('the claims of the same database that are not restored are told', () => {
  const all = [
    labelled('pg-1', cnpg),
    labelled('pg-2', cnpg),
    labelled('other-1', { 'cnpg.io/cluster': 'other' }),
    claim('data'),
  ];
  const owners = [owner('postgresql.cnpg.io/v1', 'Cluster', 'pg')];
  assert.deepEqual(findDatabase({ claims: all.slice(0, 1), owners, all })?.others, ['pg-2']);
  assert.deepEqual(findDatabase({ claims: all.slice(0, 2), owners, all })?.others, []);
  assert.deepEqual(findDatabase({ claims: [claim('unmarked')], owners, all })?.others, []);
});
