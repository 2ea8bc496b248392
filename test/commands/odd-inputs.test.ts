/** `doctor` and `describe` if objects hold what an API server admits and no tool of ours writes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  backupSessions,
  deployments,
  persistentVolumes,
  restoreSessions,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';

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

describe('names that are as long as Kubernetes allows, with dots', () => {
  const long = (stem: string) => `${stem}.${'x.y-z.'.repeat(50)}`.slice(0, 252) + '0';
  /** That of its ReplicaSet has eleven characters more. */
  const name = long('web').slice(0, 240) + '0';
  const of = { kind: 'Deployment', name };
  let world: World;
  before(async () => {
    world = await startWorld();
    await place(world);
    const [, made] = deployment(demo, 'long', [long('data')], { replicas: 0 });
    await world.create(
      claim(demo, long('data')),
      [deployments, { ...made, metadata: { ...made.metadata, name } }],
      configuration(demo, long('nightly'), of, { schedule: '@daily', paused: false }),
      configuration(demo, 'we', { kind: 'Deployment', name: 'we' }),
    );
    await world.bound(demo, long('data'));
    assert.equal((await world.run(['snapshot', `deploy/${name}`, '--executor=local'])).code, 0);
    world.standAt(3 * 24 * 3600);
  });
  after(() => world[Symbol.asyncDispose]());

  for (const words of [
    'doctor',
    'doctor -A',
    'doctor deploy/we',
    `doctor deploy/${name}`,
    `describe deploy/${name}`,
  ]) {
    test(words.slice(0, 30), async () => {
      const ran = await world.run(`${words} --kubeconfig ${world.sandbox.kubeconfig} --context sandbox`);
      assert.equal(ran.err, '');
      assert.doesNotMatch(ran.out, /undefined|NaN|<invalid>|\[object/);
      for (const line of ran.out.split('\n').filter((each) => /^\s+(?:fix|hint)?:?\s*kubectl /.test(each)))
        assert.match(line, /--kubeconfig \S+ --context sandbox/, line);
    });
  }

  test('a name that begins as another does is another', async () => {
    const found = await examined(world, 'deploy/we');
    assert.ok(found.some(({ check, level }) => check === 'target' && level === 'fail'));
    assert.ok(
      found.every(({ message }) => !message.includes('web')),
      JSON.stringify(found),
    );
  });
});

describe('a user who may list neither namespaces nor anything in all of them', () => {
  test('doctor -A says so in one line, and what to do', async () => {
    await using world = await startWorld();
    await place(world);
    const ran = await world.run('doctor -A --as jane', { hints: false });
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^error: user "jane" may not list namespaces/);
  });
});

describe('sessions whose status and annotations say odd things', () => {
  const ofWeb = {
    'stash.appscode.com/target': JSON.stringify({ apiVersion: 'apps/v1', ...web }),
    'stash.appscode.com/session-claims': '["data", 7, null, "data"]',
  };
  const statuses = [
    { phase: 'Succeeded', sessionDuration: 'long' },
    { phase: 'Running', sessionDeadline: '2099-01-01T00:00:00Z', conditions: [] },
    {
      phase: 'Failed',
      conditions: [
        { type: 'A', status: 'False', reason: '', message: '', lastTransitionTime: '2099-01-01T00:00:00Z' },
      ],
    },
    {},
  ];
  const records = ['null', '{}', '[]', '{"claims":[{}]}'];
  let world: World;
  before(async () => {
    world = await startWorld();
    await place(world);
    await world.create(
      configuration(demo, 'nightly', web, {
        ...{ schedule: '@daily', paused: false, backupHistoryLimit: 2_147_483_647 },
        retentionPolicy: { name: 'odd', prune: true, keepLast: 1_000_000_000_000 },
      }),
    );
    const version = 'stash.appscode.com/v1beta1';
    for (const [index, status] of statuses.entries()) {
      const name = `b-${index}`;
      const session = object(version, 'BackupSession', {
        metadata: { name, namespace: demo, annotations: ofWeb },
        spec: { invoker: { kind: 'BackupConfiguration', name: 'nightly' } },
      });
      await world.create([backupSessions, session]);
      await world.cluster.patch(
        backupSessions,
        { name, namespace: demo },
        { status },
        { subresource: 'status' },
      );
    }
    for (const [index, record] of records.entries()) {
      const annotations = { 'stash.appscode.com/in-place': record, 'stash.appscode.com/files-until': 'soon' };
      const session = object(version, 'RestoreSession', {
        metadata: { name: `r-${index}`, namespace: demo, annotations },
        spec: { target: { ref: { apiVersion: 'apps/v1', ...web }, replicas: 2_147_483_647 } },
      });
      await world.create([restoreSessions, session]);
    }
  });
  after(() => world[Symbol.asyncDispose]());

  const sessions = [0, 1, 2, 3].flatMap((index) => [`backupsession/b-${index}`, `restoresession/r-${index}`]);
  for (const words of ['doctor', ...['deploy/web', ...sessions].map((of) => `describe ${of}`)]) {
    test(words, async () => {
      const ran = await world.run(words);
      assert.equal(ran.err, '');
      assert.doesNotMatch(ran.out, /undefined|NaN|<invalid>|\[object/);
    });
  }

  test('a failure without words, and a record that cannot be read, are told as such', async () => {
    const failed = await world.run('describe backupsession/b-2');
    assert.match(failed.out, /^Result: +failed: no reason is given in its status$/m);
    const unreadable = await world.run('describe restoresession/r-0');
    assert.match(unreadable.out, /^In Place: +its record cannot be read$/m);
    assert.match(unreadable.out, /^Next: .*kubectl get restoresession r-0 -n demo -o yaml$/m);
  });
});
