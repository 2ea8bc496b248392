import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ClusterNode, PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { noNodeLeft, rejectedNodes, withNextNode } from '#src/domain/in-place/next-node.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { claim, created, stored } from '#test/domain/objects.ts';

const template = {
  metadata: { name: 'data', annotations: { [selectedNode]: 'a' } },
  spec: claim('data').spec,
};

function staged(
  annotations: Record<string, string>,
  phase: 'Pending' | 'Bound' = 'Pending',
): Stored<PersistentVolumeClaim> {
  return claim('data', { metadata: { name: 'data', annotations }, status: { phase } });
}

function node(name: string, { ready = 'True', unschedulable = false, zone = 'z' } = {}): Stored<ClusterNode> {
  return stored<ClusterNode>({
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { zone } } },
    ...{ spec: { unschedulable }, status: { conditions: [{ type: 'Ready', status: ready }] } },
  });
}

function volumeIn(zone: string): PersistentVolume {
  const matchExpressions = [{ key: 'zone', operator: 'In' as const, values: [zone] }];
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' } },
    spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } },
  };
}

const rejections: readonly [string, ReturnType<typeof staged>, string[]][] = [
  ['still names its node', staged({ [selectedNode]: 'a' }), []],
  ['has lost its node', staged({}), ['a']],
  ['names its second node', staged({ [selectedNode]: 'b', [annotation.triedNodes]: 'a,b' }), []],
  ['has lost its second node', staged({ [annotation.triedNodes]: 'a,b' }), ['a', 'b']],
  ['is bound', staged({}, 'Bound'), []],
  [
    'is being deleted',
    claim('data', { metadata: { name: 'data', deletionTimestamp: created }, status: { phase: 'Pending' } }),
    [],
  ],
];

for (const [which, live, expected] of rejections) {
  test(`a staged claim that ${which}: ${expected.length} rejected nodes`, () => {
    assert.deepEqual(rejectedNodes(live, template), expected);
  });
}

test('a staged claim that never named a node was not rejected', () => {
  assert.deepEqual(rejectedNodes(staged({}), { ...template, metadata: { name: 'data' } }), []);
});

test('the next node is ready, can use the present volume, and was not tried', () => {
  const nodes = [
    node('a'),
    node('elsewhere', { zone: 'y' }),
    node('down', { ready: 'Unknown' }),
    node('cordoned', { unschedulable: true }),
    node('b'),
    node('c'),
  ];
  const next = (...rejected: string[]) => withNextNode(rejected, volumeIn('z'), nodes);
  assert.deepEqual(next('a'), { [selectedNode]: 'b', [annotation.triedNodes]: 'a,b' });
  assert.deepEqual(next('a', 'b'), { [selectedNode]: 'c', [annotation.triedNodes]: 'a,b,c' });
  assert.equal(next('a', 'b', 'c'), undefined);
  assert.equal(withNextNode(['a'], volumeIn('x'), nodes), undefined);
});

test('not more than three nodes are tried', () => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name));
  assert.equal(withNextNode(['a', 'b', 'c'], volumeIn('z'), nodes), undefined);
});

test('the message names the nodes, and why there is no other', () => {
  assert.equal(
    noNodeLeft(['a'], { said: 'no space left' }),
    'no volume was made for node a, and no other ready node can use the present volume (no space left)',
  );
  assert.equal(
    noNodeLeft(['a', 'b', 'c'], { said: 'no space left' }),
    'no volume was made for nodes a, b, c (no space left)',
  );
  assert.equal(
    noNodeLeft(['a'], { unread: 'you may not list nodes' }),
    'no volume was made for node a, and the other nodes are not known: you may not list nodes',
  );
});
