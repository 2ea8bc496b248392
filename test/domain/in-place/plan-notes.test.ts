import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, OwnerReference } from '#src/api/kubernetes.ts';
import type { ClaimInPlace } from '#src/domain/in-place/check-in-place.ts';
import type { InPlaceRow } from '#src/domain/in-place/plan.ts';
import { planNotes, type NotedScene } from '#src/domain/in-place/plan-notes.ts';
import { claim, pod, stored } from '#test/domain/objects.ts';

const owner = (apiVersion: string, kind: string, name: string): OwnerReference => ({
  ...{ apiVersion, kind, name, uid: `uid-of-${name}` },
});
const cluster = owner('db.example.com/v1', 'Cluster', 'pg');

function notes(changes: Partial<NotedScene>, owners: readonly OwnerReference[] = []): string[] {
  const object = stored<KubernetesObject>({
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet' },
    metadata: { name: 'db', ownerReferences: [...owners] },
  });
  const target = { kind: 'StatefulSet' as const, object };
  return planNotes({
    ...{ target, claims: [], rows: [], stop: 'gate', unused: [] },
    database: undefined,
    ...changes,
  });
}

function used(more: Partial<ClaimInPlace>): ClaimInPlace {
  return { ...{ claim: claim('data'), volume: undefined, pods: [] }, ...more };
}

const warning =
  'cluster/pg (db.example.com) manages these claims or their pods; kubectl stash does not know that operator: make sure that it creates its pods again, and expects that data may go back';

test('nothing is noted of a plain workload', () => {
  const controllers = [owner('v1', 'ReplicationController', 'a'), owner('batch/v1', 'Job', 'b')];
  const pods = controllers.map((controller) => ({ pod: pod('x', ['data']), controller, isOurs: true }));
  assert.deepEqual(notes({ claims: [used({ pods })] }, [owner('apps/v1', 'StatefulSet', 'db')]), []);
});

for (const [where, found] of Object.entries({
  'the workload': notes({}, [cluster]),
  'the claim': notes({
    claims: [used({ claim: claim('data', { metadata: { name: 'data', ownerReferences: [cluster] } }) })],
  }),
  'a pod': notes({ claims: [used({ pods: [{ pod: pod('pg-1', []), controller: cluster, isOurs: true }] })] }),
  'all of them, once': notes(
    { claims: [used({ claim: claim('data', { metadata: { name: 'data', ownerReferences: [cluster] } }) })] },
    [cluster],
  ),
})) {
  test(`an operator is noted that owns ${where}`, () => {
    assert.deepEqual(found, [warning]);
  });
}

test('a database is noted once, with the claims of it that stay as they are', () => {
  const database = { operator: 'Percona', name: 'psmdb/shop', recovery: undefined, others: [] };
  const percona = [owner('psmdb.percona.com/v1', 'PerconaServerMongoDB', 'shop')];
  const words =
    'the Percona operator manages these claims for psmdb/shop, and may copy an instance again from a peer';
  assert.deepEqual(notes({ database }, percona), [words]);
  assert.deepEqual(notes({ database: { ...database, others: ['a', 'b'] } }, percona), [
    `${words}; claim a, b of it stays as it is`,
  ]);
});

test('claims of the restore point are noted that the workload does not use any more', () => {
  assert.deepEqual(notes({ unused: ['data-db-3', 'data-db-4'] }), [
    'statefulset/db does not use data-db-3, data-db-4 of the restore point any more: not restored',
  ]);
});

test('a claim is noted that gets larger, not one whose size is only written differently', () => {
  const row: InPlaceRow = {
    ...{ claim: 'data', volume: 'pv', snapshot: 's', size: '1Gi', newSize: '1.5Gi', place: undefined },
  };
  assert.deepEqual(notes({ rows: [row, { ...row, newSize: '1024Mi' }] }), [
    'claim data gets 1.5Gi, not 1Gi: snapshot s needs that much',
  ]);
});

test('pods that have ended are noted once', () => {
  const pods = [
    { pod: pod('job-a', ['data'], 'Succeeded'), controller: undefined, isOurs: false },
    { pod: pod('db-0', ['data']), controller: undefined, isOurs: true },
  ];
  assert.deepEqual(notes({ claims: [used({ pods }), used({ pods })] }), [
    'pods that have ended are deleted, since they hold their claims: job-a',
  ]);
});

test('a deployment behind the gate may exceed its progress deadline', () => {
  const object = stored<KubernetesObject>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
  });
  const target = { kind: 'Deployment' as const, object };
  assert.match(notes({ target }).join(), /progressDeadlineSeconds/);
  assert.deepEqual(notes({ target, stop: 'scale' }), []);
});
