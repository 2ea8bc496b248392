import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { ownersToRead, podsControlledBy } from '#src/domain/workload/owned-pods.ts';

import { stored } from '../objects.ts';

type Reference = [kind: string, name: string, controller?: boolean];

const uidOf = (kind: string, name: string) => `uid-of-${kind.toLowerCase()}-${name}`;
const ownedBy = (references: readonly Reference[]): KubernetesObject['metadata'] => ({
  ownerReferences: references.map(([kind, name, controller = true]) => ({
    apiVersion: 'apps/v1',
    kind,
    name,
    uid: uidOf(kind, name),
    controller,
  })),
});
const pod = (name: string, ...references: Reference[]): Stored<Pod> =>
  stored<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(references.length > 0 && ownedBy(references)) },
    spec: { containers: [] },
  });
const object = (kind: string, name: string, ...references: Reference[]) =>
  stored<KubernetesObject>({ apiVersion: 'apps/v1', kind, metadata: { name, ...ownedBy(references) } });
const namesOf = (pods: readonly Stored<Pod>[]) => pods.map(({ metadata }) => metadata.name);

const pods = [
  pod('alone'),
  pod('a', ['ReplicaSet', 'web-1']),
  pod('b', ['ReplicaSet', 'web-1']),
  pod('c', ['Node', 'n', false], ['ReplicaSet', 'web-2']),
  pod('d', ['StatefulSet', 'web']),
  pod('e', ['ReplicaSet', 'web-3', false]),
  pod('f', ['ReplicaSet', 'other-1']),
];

test('the ReplicaSets between a Deployment and its pods are read, each once', () => {
  assert.deepEqual(ownersToRead('Deployment', pods), ['web-1', 'web-2', 'other-1']);
  assert.deepEqual(ownersToRead('StatefulSet', pods), []);
});

test('a workload has the pods that it controls, itself or through its ReplicaSets', () => {
  const owners = [
    object('ReplicaSet', 'web-1', ['Deployment', 'web']),
    object('ReplicaSet', 'web-2', ['Node', 'n', false], ['Deployment', 'web']),
    object('ReplicaSet', 'web-3', ['Deployment', 'web']),
    object('ReplicaSet', 'other-1', ['Deployment', 'other']),
    object('ReplicaSet', 'adopted'),
  ];
  const controlled = (kind: 'Deployment' | 'StatefulSet' | 'ReplicaSet', name: string) =>
    namesOf(podsControlledBy(kind, object(kind, name), pods, owners));
  assert.deepEqual(controlled('Deployment', 'web'), ['a', 'b', 'c']);
  assert.deepEqual(controlled('Deployment', 'other'), ['f']);
  assert.deepEqual(controlled('Deployment', 'none'), []);
  assert.deepEqual(controlled('StatefulSet', 'web'), ['d']);
  assert.deepEqual(controlled('ReplicaSet', 'web-1'), ['a', 'b']);
});
