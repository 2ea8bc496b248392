import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PersistentVolumeClaim, Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { nodeFor, stagedName, stagedSize, stagedTemplate } from '#src/domain/in-place/staged-claims.ts';
import { claim, pod, snapshot, stored } from '#test/domain/objects.ts';

const session = 'restore-sts-db-1773457200';
const ready = snapshot('data-1773457200', { readyToUse: true, restoreSize: '2Gi' });
const apart = {
  'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

function withSpec(
  spec: Partial<PersistentVolumeClaim['spec']>,
  annotations: Record<string, string> = {},
): Stored<PersistentVolumeClaim> {
  const { spec: given } = claim('data');
  return claim('data', {
    metadata: { name: 'data', labels: { app: 'db' }, annotations },
    spec: { ...given, ...spec },
  });
}

function classOf(
  name: string,
  volumeBindingMode: StorageClass['volumeBindingMode'] = 'Immediate',
): Stored<StorageClass> {
  return stored<StorageClass>({
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name } },
    ...{ provisioner: 'csi', volumeBindingMode },
  });
}

const at = (node: string) => ({
  ...pod('db-0', ['data']),
  spec: { ...pod('db-0', ['data']).spec, nodeName: node },
});

test('a staged claim is as the live one, filled from the snapshot, and belongs to no tool', () => {
  const live = withSpec(
    {
      ...{ storageClassName: 'fast', volumeMode: 'Block', volumeAttributesClassName: 'gold' },
      selector: { matchLabels: { a: 'b' } },
      dataSource: { kind: 'VolumeSnapshot', name: 'first' },
    },
    { 'argocd.argoproj.io/tracking-id': 'shop' },
  );
  assert.deepEqual(stagedTemplate({ claim: live, snapshot: ready, pods: [] }, session, [classOf('fast')]), {
    metadata: { name: stagedName('data', session), annotations: apart },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...{ storageClassName: 'fast', volumeMode: 'Block', volumeAttributesClassName: 'gold' },
      resources: { requests: { storage: '2Gi' } },
      dataSource: {
        ...{ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-1773457200' },
      },
    },
  });
});

test('a staged claim has the class that an annotation of the live one names', () => {
  const live = withSpec({ storageClassName: 'fast' }, { [annotation.betaStorageClass]: 'old' });
  const { spec } = stagedTemplate({ claim: live, snapshot: ready, pods: [] }, session, []);
  assert.equal(spec.storageClassName, 'old');
});

test('an empty volume attributes class is left out', () => {
  const live = withSpec({ volumeAttributesClassName: '' });
  const { spec } = stagedTemplate({ claim: live, snapshot: ready, pods: [] }, session, []);
  assert.equal(Object.hasOwn(spec, 'volumeAttributesClassName'), false);
});

const sizes: readonly [request: string, capacity: string | undefined, restore: string | undefined, string][] =
  [
    ['1Gi', '1Gi', '1Gi', '1Gi'],
    ['3Gi', '2Gi', '1Gi', '3Gi'],
    ['1Gi', '3Gi', '2Gi', '3Gi'],
    ['1Gi', '1Gi', '1073741825', '1073741825'],
    ['1Gi', undefined, undefined, '1Gi'],
  ];

for (const [request, capacity, restoreSize, wanted] of sizes) {
  test(`of ${request}, ${capacity ?? 'none'} and ${restoreSize ?? 'none'}, the staged size is ${wanted}`, () => {
    const live = claim('data', {
      spec: { resources: { requests: { storage: request } } },
      status: { phase: 'Bound', ...(capacity !== undefined && { capacity: { storage: capacity } }) },
    });
    const from = snapshot('s', restoreSize === undefined ? {} : { restoreSize });
    assert.equal(stagedSize({ claim: live, snapshot: from }), wanted);
    const { spec } = stagedTemplate({ claim: live, snapshot: from, pods: [] }, session, undefined);
    assert.equal(spec.resources?.requests?.storage, wanted);
  });
}

test('the staged size is never less than what is there, or than the snapshot', () => {
  const size = fc.integer({ min: 1, max: 5000 }).map((mebibytes) => `${mebibytes}Mi`);
  fc.assert(
    fc.property(size, size, size, (request, capacity, restoreSize) => {
      const live = claim('data', {
        spec: { resources: { requests: { storage: request } } },
        status: { capacity: { storage: capacity } },
      });
      const staged = stagedSize({ claim: live, snapshot: snapshot('s', { restoreSize }) });
      const all = [request, capacity, restoreSize].map((each) => parseQuantity(each) ?? 0n);
      assert.equal(
        parseQuantity(staged ?? ''),
        all.reduce((a, b) => (a > b ? a : b)),
      );
    }),
  );
});

const late = [classOf('fast', 'WaitForFirstConsumer')];
const nodes: readonly [string, Parameters<typeof stagedTemplate>[2], string | undefined][] = [
  ['binds late', late, 'node-1'],
  ['binds at once', [classOf('fast')], undefined],
  ['cannot be read', undefined, 'node-1'],
];

for (const [which, classes, node] of nodes) {
  test(`a staged claim whose class ${which} ${node === undefined ? 'names no node' : 'names the node of the pod'}`, () => {
    const live = withSpec({ storageClassName: 'fast' });
    const { metadata } = stagedTemplate(
      { claim: live, snapshot: ready, pods: [at('node-1')] },
      session,
      classes,
    );
    assert.equal(metadata.annotations?.[selectedNode], node);
    assert.deepEqual({ ...metadata.annotations, ...apart }, metadata.annotations);
  });
}

test('the node is that of a pod, else the one that the live claim was made for', () => {
  const live = withSpec({}, { [selectedNode]: 'node-2' });
  assert.equal(nodeFor(live, [pod('waiting', ['data']), at('node-1'), at('node-3')]), 'node-1');
  assert.equal(nodeFor(live, [pod('waiting', ['data'])]), 'node-2');
  assert.equal(nodeFor(withSpec({}), []), undefined);
});

test('staged names are valid, differ by claim and session, and begin with the claim', () => {
  assert.match(stagedName('data', session), /^data-stash-[0-9a-f]{6}$/);
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,251}[a-z0-9]$/);
  fc.assert(
    fc.property(name, name, (one, other) => {
      const staged = stagedName(one, session);
      assert.ok(staged.length <= 253);
      assert.match(staged, /^[a-z0-9][a-z0-9-]*[a-z0-9]$/);
      assert.equal(staged === stagedName(other, session), one === other);
    }),
  );
  assert.notEqual(stagedName('data', session), stagedName('data', 'restore-sts-db-1773457201'));
});
