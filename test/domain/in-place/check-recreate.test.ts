import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolume, Stored } from '#src/api/kubernetes.ts';
import { checkRecreate, type RecreateScene } from '#src/domain/in-place/check-recreate.ts';
import { lastingDrivers, outlivesVolume } from '#src/domain/in-place/lasting-snapshots.ts';
import { claim, stored, target } from '#test/domain/objects.ts';

const provisioner = 'volume.kubernetes.io/storage-provisioner';

function volume(spec: Partial<PersistentVolume['spec']>): Stored<PersistentVolume> {
  return stored<PersistentVolume>({
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' } },
    spec: { persistentVolumeReclaimPolicy: 'Delete', ...spec },
  });
}

function of(driver: string | undefined, own?: Stored<PersistentVolume>) {
  const annotations = driver === undefined ? {} : { [provisioner]: driver };
  return { claim: claim('data', { metadata: { name: 'data', annotations } }), volume: own, pods: [] };
}

function refusals(more: Partial<RecreateScene>): readonly string[] {
  const scene: RecreateScene = {
    ...{ target, stop: { method: 'scale' }, claims: [of('ebs.csi.aws.com')], snapshotted: ['data'] },
    ...{ beside: 'kubectl stash restore beside', ...more },
  };
  return checkRecreate(scene).map(({ kind, message, hint }) => {
    assert.equal(kind, 'precondition');
    assert.equal(hint, 'beside them:\nkubectl stash restore beside');
    return message.replace('cannot restore in place with --method=recreate: ', '');
  });
}

const csi = (driver: string) => ({ driver, volumeHandle: 'h' });
const table: readonly [name: string, scene: Partial<RecreateScene>, refusals: readonly string[]][] = [
  ['a driver on the list', {}, []],
  ['a driver with the prefix of Rook', { claims: [of('rook-ceph.rbd.csi.ceph.com')] }, []],
  ...[
    'zfs.csi.openebs.io',
    'driver.longhorn.io',
    'local.csi.openebs.io',
    'topolvm.io',
    'evil-ebs.csi.aws.com',
  ].map((driver): (typeof table)[number] => [
    `driver ${driver}`,
    { claims: [of(driver)] },
    [`driver ${driver} of claim data is not known to keep the snapshots of a volume that is deleted`],
  ]),
  [
    'a driver that nothing names',
    { claims: [of(undefined)] },
    ['the driver of claim data is not known, and may delete the snapshots of a volume with it'],
  ],
  [
    'a volume of another driver than the claim says',
    { claims: [of('ebs.csi.aws.com', volume({ csi: csi('topolvm.io') }))] },
    ['driver topolvm.io of claim data is not known to keep the snapshots of a volume that is deleted'],
  ],
  [
    'a volume with policy Retain',
    {
      claims: [of('topolvm.io', volume({ csi: csi('topolvm.io'), persistentVolumeReclaimPolicy: 'Retain' }))],
    },
    [],
  ],
  [
    'a statefulset that is not scaled',
    { stop: { method: 'gate', why: "spec.replicas is argocd-controller's" } },
    [
      "statefulset/db would create the claims empty, since it is not scaled to 0: spec.replicas is argocd-controller's",
    ],
  ],
  [
    'a deployment behind the gate',
    { stop: { method: 'gate' }, target: { ...target, kind: 'Deployment' } },
    [],
  ],
  [
    'a claim that a snapshot of the workload leaves out',
    { snapshotted: ['logs'] },
    ['a snapshot of statefulset/db does not include claim data'],
  ],
];

for (const [name, scene, expected] of table) {
  test(`recreate: ${name}`, () => {
    assert.deepEqual(refusals(scene), expected);
  });
}

test('each driver on the list has a source, and those that delete snapshots with the volume are not on it', () => {
  for (const { source } of lastingDrivers) assert.match(source, /^https:\/\/|^src\//);
  for (const driver of ['zfs.csi.openebs.io', 'driver.longhorn.io', 'local.csi.openebs.io', 'topolvm.io', ''])
    assert(!outlivesVolume(driver), driver);
});
