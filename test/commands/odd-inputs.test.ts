/** `doctor` where objects hold what an API server admits and no tool of ours writes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { persistentVolumes, volumeSnapshotClasses } from '#src/api/resources.ts';

import { demo, examined, place, web } from './doctor-world.ts';
import { claim, configuration, deployment, object } from './objects.ts';
import { startWorld, type World } from './world.ts';

const driver = 'sandbox.csi.stash.dev';

describe('odd objects', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await place(world);
    const local = (value: string) => ({
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver, volumeHandle: 'odd' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'example.com/host', operator: 'In', values: [value] }] },
          ],
        },
      },
    });
    await world.create(
      [
        persistentVolumes,
        object('v1', 'PersistentVolume', { metadata: { name: 'odd' }, spec: local('no label, is it?') }),
      ],
      claim(demo, 'local', { storageClass: '', volume: 'odd' }),
      deployment(demo, 'local', ['local'], { replicas: 0 }),
    );
    await world.bound(demo, 'local');
  });
  after(() => world[Symbol.asyncDispose]());

  test('a volume of a node whose name no label can have', async () => {
    const found = await examined(world, 'deploy/local');
    const [lost] = found.filter(({ check }) => check === 'node-local');
    assert.equal(
      lost?.message,
      'the data of claim local is on node no label, is it? only, which does not exist: it can be neither snapshotted nor restored in place',
    );
    const ran = await world.run('snapshot deploy/local');
    assert.match(ran.err, /on node no label, is it\? only/);
  });

  test('a class that names secrets as no secret can be named', async () => {
    const parameters = (name: string, of: string) => ({
      'csi.storage.k8s.io/snapshotter-secret-name': name,
      'csi.storage.k8s.io/snapshotter-secret-namespace': of,
    });
    const odd = [
      ['a,b=c', 'demo'],
      ['key', ''],
      ['key', 'de mo/x'],
      ['', 'demo'],
    ] as const;
    await world.create(
      configuration(demo, 'odd', web, {
        target: { ref: { apiVersion: 'apps/v1', ...web }, snapshotClassName: 'odd' },
      }),
    );
    for (const [name, of] of odd) {
      const made = object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', {
        ...{ metadata: { name: 'odd' }, driver, deletionPolicy: 'Delete', parameters: parameters(name, of) },
      });
      await world.create([volumeSnapshotClasses, made]);
      const found = await examined(world, 'deploy/web');
      const told = found
        .filter(({ check }) => check === 'class-secrets')
        .map(({ level, message }) => `${level}: ${message}`);
      assert.deepEqual(told, [`fail: secret ${of}/${name} of volume snapshot class odd does not exist`]);
      await world.cluster.delete(volumeSnapshotClasses, { name: 'odd' });
    }
  });
});
