import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim, Pod, Stored, StorageClass } from '#src/api/kubernetes.ts';
import { checkStaged, type StagedClaim, type StagingScene } from '#src/domain/in-place/check-staged.ts';
import { stagedTemplate } from '#src/domain/in-place/staged-claims.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import type { SnapshotOrigin } from '#src/domain/restore/snapshot-origin.ts';
import { claim, pod, snapshot, stored } from '#test/domain/objects.ts';

const beside = 'kubectl stash restore beside';

function storageClass(name: string, changes: Partial<StorageClass> = {}): Stored<StorageClass> {
  return stored<StorageClass>({
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name } },
    ...{ provisioner: 'csi.a', volumeBindingMode: 'Immediate', ...changes },
  });
}

const late = storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' });
const classes = [storageClass('fast'), storageClass('other', { provisioner: 'csi.b' }), late];
const origin: SnapshotOrigin = { driver: 'csi.a', volumeMode: 'Filesystem', mayChangeMode: false };

function staged(
  spec: Partial<PersistentVolumeClaim['spec']>,
  {
    annotations = {},
    pods = [],
  }: {
    readonly annotations?: Record<string, string>;
    readonly pods?: readonly Stored<Pod>[];
  } = {},
): StagedClaim {
  const given = claim('data');
  const toStage = {
    claim: claim('data', { metadata: { name: 'data', annotations }, spec: { ...given.spec, ...spec } }),
    ...{ snapshot: snapshot('data-1'), pods },
  };
  return { ...toStage, template: stagedTemplate(toStage, 'restore-sts-db-1', classes) };
}

function check(each: StagedClaim, scene: Partial<StagingScene> = {}) {
  return checkStaged([each], { ...{ classes, beside, origins: new Map([['data-1', origin]]) }, ...scene });
}

const running: Stored<Pod> = { ...pod('db-0', ['data']), spec: { containers: [], nodeName: 'node-1' } };

const fine: readonly [string, StagedClaim][] = [
  ['its class is there', staged({ storageClassName: 'fast' })],
  ['a pod tells the node', staged({ storageClassName: 'late' }, { pods: [running] })],
  [
    'it remembers its node',
    staged({ storageClassName: 'late' }, { annotations: { [selectedNode]: 'node-1' } }),
  ],
];

for (const [why, each] of fine) {
  test(`a claim can be staged if ${why}`, () => {
    assert.deepEqual(check(each), []);
  });
}

const another = `beside it, with another class:\n${beside}\nkubectl get storageclass`;
const refused: readonly [string, StagedClaim, message: RegExp, hint: string][] = [
  [
    'its class is gone',
    staged({ storageClassName: 'gone' }),
    /^storage class gone of claim data does not/,
    another,
  ],
  [
    'its class is of another driver than the snapshot',
    staged({ storageClassName: 'other' }),
    /^storage class other of claim data is of driver csi.b, and snapshot data-1 of driver csi.a/,
    another,
  ],
  [
    'its volumeMode is another than the snapshot’s',
    staged({ storageClassName: 'fast', volumeMode: 'Block' }),
    /^claim data has volumeMode Block, and the volume of snapshot data-1 had Filesystem$/,
    another,
  ],
  [
    'its class waits for a pod, and there is none',
    staged({ storageClassName: 'late' }),
    /^cannot restore in place: claim data gets its volume on the node of its pod, and no pod uses it$/,
    'start one replica of the workload, and run the same command again',
  ],
];

for (const [why, each, message, hint] of refused) {
  test(`a claim cannot be staged if ${why}`, () => {
    const [first, ...others] = check(each);
    assert.match(first?.message ?? '', message);
    assert.equal(first?.hint, hint);
    assert.deepEqual(others, []);
  });
}

test('only the volumeMode is known without the right to read classes', () => {
  const blind = { classes: undefined };
  assert.deepEqual(check(staged({ storageClassName: 'gone' }), blind), []);
  assert.deepEqual(check(staged({ storageClassName: 'late' }), blind), []);
  assert.equal(check(staged({ storageClassName: 'fast', volumeMode: 'Block' }), blind).length, 1);
});
