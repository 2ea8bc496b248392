import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolume, PersistentVolumeClaim, VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { annotatedDriver, chooseSnapshotClass, driverOf } from '#src/domain/backup/snapshot-class.ts';
import { accept } from '#src/domain/finding.ts';

function snapshotClass(name: string, driver: string, isDefault?: 'true' | 'false'): VolumeSnapshotClass {
  const annotations = isDefault && { [annotation.defaultSnapshotClass]: isDefault };
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name, ...(annotations && { annotations }) },
    driver,
    deletionPolicy: 'Delete',
  };
}

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'demo' },
  spec: { volumeName: 'pv-1' },
};

function volume(source: Record<string, unknown>): PersistentVolume {
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: [],
    claimRef: { name: 'data' },
    nodeAffinity: { required: {} },
    ...source,
  };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-1' }, spec };
}

test('finds the CSI driver of the volume, and refuses other volumes', () => {
  assert.equal(
    accept(driverOf(claim, volume({ csi: { driver: 'disk.example.com', volumeHandle: 'h' } }))),
    'disk.example.com',
  );
  assert.throws(() => accept(driverOf(claim, volume({ hostPath: { path: '/x' } }))), {
    kind: 'precondition',
    message: 'claim data cannot be snapshotted: its volume has no CSI driver (it is hostPath)',
  });
  assert.throws(() => accept(driverOf(claim, volume({}))), { message: /\(it is of an unknown type\)$/ });
  const hint = 'copy the data to a claim whose class has a CSI driver\nkubectl get storageclass';
  for (const source of [
    { mountOptions: ['ro'], nfs: {} },
    { storageClassName: 'slow', nfs: {} },
  ]) {
    assert.throws(() => accept(driverOf(claim, volume(source))), {
      message: 'claim data cannot be snapshotted: its volume has no CSI driver (it is nfs)',
      hint,
    });
  }
  const unbound = { ...claim, spec: {} };
  assert.throws(() => accept(driverOf(unbound, undefined)), {
    message: 'volume (none) of claim data does not exist',
  });
  assert.throws(() => accept(driverOf(claim, undefined)), {
    kind: 'precondition',
    message: 'volume pv-1 of claim data does not exist',
    hint: 'kubectl describe pvc data -n demo',
  });
});

test('takes the driver from the claim annotation where a class names the same driver', () => {
  const annotations = { 'volume.kubernetes.io/storage-provisioner': 'disk' };
  const annotated = { ...claim, metadata: { ...claim.metadata, annotations } };
  assert.equal(annotatedDriver(annotated, [snapshotClass('a', 'disk')]), 'disk');
  assert.equal(annotatedDriver(annotated, [snapshotClass('a', 'nfs')]), undefined);
  assert.equal(annotatedDriver(annotated, [snapshotClass('a', 'nfs'), snapshotClass('b', 'disk')]), 'disk');
  assert.equal(annotatedDriver(claim, [snapshotClass('a', 'disk')]), undefined);
});

test("chooses the requested class, else the driver's default, else its only class", () => {
  const classes = [
    snapshotClass('b', 'disk', 'false'),
    snapshotClass('a', 'disk', 'true'),
    snapshotClass('other', 'nfs', 'true'),
    snapshotClass('single', 'file'),
  ];
  const rows: [string, { requested?: string; configured?: string }, string][] = [
    ['disk', { requested: 'b', configured: 'a' }, 'b'],
    ['disk', { configured: 'b' }, 'b'],
    ['disk', { requested: '', configured: '' }, 'a'],
    ['disk', {}, 'a'],
    ['file', {}, 'single'],
  ];
  for (const [driver, wishes, expected] of rows) {
    const chosen = accept(chooseSnapshotClass({ claim: 'data', driver, classes, ...wishes }));
    assert.equal(chosen.metadata.name, expected);
  }
});

test('refuses an unfit class, and does not guess', () => {
  const classes = [
    snapshotClass('csi-fast', 'disk'),
    snapshotClass('csi-slow', 'disk'),
    snapshotClass('two', 'nfs', 'true'),
    snapshotClass('one', 'nfs', 'true'),
  ];
  const rows: [
    { driver: string; requested?: string; classes?: VolumeSnapshotClass[] },
    string,
    string,
    string,
  ][] = [
    [
      { driver: 'disk', requested: 'csi-fsat' },
      'not-found',
      'volume snapshot class csi-fsat does not exist',
      'did you mean --snapshot-class csi-fast?',
    ],
    [
      { driver: 'disk', requested: 'gold', classes: [] },
      'not-found',
      'volume snapshot class gold does not exist',
      'there are none\nkubectl get volumesnapshotclass',
    ],
    [
      { driver: 'disk', requested: 'gold' },
      'not-found',
      'volume snapshot class gold does not exist',
      'there are csi-fast (driver disk), csi-slow (driver disk), two (driver nfs), one (driver nfs)\nkubectl get volumesnapshotclass',
    ],
    [
      { driver: 'file', requested: 'one' },
      'precondition',
      'volume snapshot class one is of driver nfs, claim data of driver file',
      'there are csi-fast (driver disk), csi-slow (driver disk), two (driver nfs), one (driver nfs)\nkubectl get volumesnapshotclass',
    ],
    [
      { driver: 'disk', requested: 'one' },
      'precondition',
      'volume snapshot class one is of driver nfs, claim data of driver disk',
      'add --snapshot-class csi-fast, or --snapshot-class csi-slow',
    ],
    [
      { driver: 'file', classes: classes.slice(0, 1) },
      'precondition',
      'no volume snapshot class for driver file (claim data)',
      'create one with "driver: file"; there is csi-fast (driver disk)\nkubectl get volumesnapshotclass',
    ],
    [
      { driver: 'nfs' },
      'precondition',
      'driver nfs (claim data) has 2 default volume snapshot classes: one, two',
      'add --snapshot-class one, or --snapshot-class two',
    ],
    [
      { driver: 'disk' },
      'precondition',
      'driver disk (claim data) has 2 volume snapshot classes and no default: csi-fast, csi-slow',
      'add --snapshot-class csi-fast, or --snapshot-class csi-slow',
    ],
  ];
  for (const [options, kind, message, hint] of rows) {
    assert.throws(() => accept(chooseSnapshotClass({ claim: 'data', classes, ...options })), {
      ...{ kind, message, hint },
    });
  }
});
