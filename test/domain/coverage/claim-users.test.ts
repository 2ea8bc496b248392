import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, OwnerReference, Stored, Workload } from '#src/api/kubernetes.ts';
import { claimUsers, type UsersScene } from '#src/domain/coverage/claim-users.ts';
import { trimPod, trimWorkload } from '#src/domain/coverage/trim.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';
import type { TargetKind } from '#src/domain/workload/kinds.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { pod, statefulSet, stored } from '#test/domain/objects.ts';

function owner(kind: string, name: string): OwnerReference {
  return { apiVersion: 'apps/v1', kind, name, uid: `uid-of-${kind.toLowerCase()}-${name}`, controller: true };
}

function ownedBy<T extends KubernetesObject>(object: Stored<T>, ...owners: OwnerReference[]): Stored<T> {
  return { ...object, metadata: { ...object.metadata, ownerReferences: owners } };
}

function workload(kind: TargetKind, name: string, claims: readonly string[]): TargetObject {
  const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
  return {
    kind,
    object: stored<Workload>({
      ...{ apiVersion: 'apps/v1', kind, metadata: { name, labels: { app: name } } },
      spec: { template: { spec: { containers: [], volumes: [{ name: 'tmp', emptyDir: {} }, ...volumes] } } },
    }),
  };
}

const set = (replicas: number): TargetObject => ({ kind: 'StatefulSet', object: statefulSet(replicas) });
const replicaSet = workload('ReplicaSet', 'web-5d', ['shared']);
const owned: TargetObject = {
  ...replicaSet,
  object: ownedBy(replicaSet.object as Stored<Workload>, owner('Deployment', 'web')),
};
const running = pod('web-5d-x', []);
const ephemeral = {
  ...running,
  spec: { containers: [], volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } }] },
};

const rows: {
  name: string;
  workloads?: TargetObject[];
  pods?: UsersScene['pods'];
  claim: string;
  users: string[];
}[] = [
  { name: 'nothing', claim: 'data', users: [] },
  {
    name: 'each workload whose template names it',
    workloads: [workload('Deployment', 'web', ['shared']), workload('DaemonSet', 'logs', ['shared', 'own'])],
    claim: 'shared',
    users: ['deployment/web', 'daemonset/logs'],
  },
  {
    name: 'a StatefulSet by its template',
    workloads: [set(2)],
    claim: 'data-db-1',
    users: ['statefulset/db'],
  },
  {
    name: 'beyond its replicas',
    workloads: [set(2)],
    claim: 'data-db-2',
    users: ['statefulset/db left behind'],
  },
  { name: 'scaled to 0', workloads: [set(0)], claim: 'data-db-2', users: ['statefulset/db'] },
  { name: 'another name', workloads: [set(2)], claim: 'data-db-x', users: [] },
  { name: 'a leading zero', workloads: [set(2)], claim: 'data-db-01', users: [] },
  {
    name: 'of a billion replicas, none is built',
    workloads: [set(1e9)],
    claim: 'data-db-7',
    users: ['statefulset/db left behind'],
  },
  {
    name: 'a ReplicaSet of its own, and not one of a Deployment',
    workloads: [owned, workload('ReplicaSet', 'alone', ['shared'])],
    claim: 'shared',
    users: ['replicaset/alone'],
  },
  {
    name: 'an ephemeral claim through the ReplicaSet',
    workloads: [owned],
    pods: [ownedBy(ephemeral, owner('ReplicaSet', 'web-5d'))],
    claim: 'web-5d-x-scratch',
    users: ['deployment/web'],
  },
  {
    name: 'through a ReplicaSet that was not read',
    pods: [ownedBy(ephemeral, owner('ReplicaSet', 'web-5d'))],
    claim: 'web-5d-x-scratch',
    users: ['replicaset/web-5d'],
  },
  {
    name: 'a kind that this program does not know',
    pods: [ownedBy(pod('pg-1', ['pg-1']), owner('Cluster', 'pg'))],
    claim: 'pg-1',
    users: ['cluster/pg'],
  },
  {
    name: 'a pod without a controller, also one that has ended',
    pods: [pod('job', ['in'], 'Succeeded')],
    claim: 'in',
    users: ['pod/job'],
  },
  {
    name: 'its pods do not make it another user',
    workloads: [workload('Deployment', 'web', ['shared']), owned],
    pods: [ownedBy(pod('web-5d-x', ['shared']), owner('ReplicaSet', 'web-5d'))],
    claim: 'shared',
    users: ['deployment/web'],
  },
];
for (const { name, workloads = [], pods = [], claim: asked, users } of rows) {
  test(`used by ${name}`, () => {
    const told = (scene: UsersScene) =>
      claimUsers(scene)({ namespace: 'demo', name: asked }).map(
        (user) => `${formatTarget(user)}${user.leftBehind ? ' left behind' : ''}`,
      );
    assert.deepEqual(told({ workloads, pods }), users);
    const trimmed = workloads.map(({ kind, object }) => ({
      kind,
      object: trimWorkload(object as Stored<Workload>),
    }));
    assert.deepEqual(
      told({ workloads: trimmed, pods: pods.map(trimPod) }),
      users,
      'as of the trimmed objects',
    );
  });
}

test('a workload of another namespace does not use the claim', () => {
  const elsewhere = { namespace: 'other', name: 'data-db-0' };
  assert.deepEqual(claimUsers({ workloads: [set(2)], pods: [] })(elsewhere), []);
});
