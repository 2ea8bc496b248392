import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  customResourceDefinitions,
  persistentVolumeClaims,
  persistentVolumes,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, configuration, deployment, namespace, object, statefulSet } from './objects.ts';
import { rightsOfSnapshot, withoutRight } from './rights.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
const ofOldWorker = { key: 'kubernetes.io/hostname', operator: 'In', values: ['worker-of-old'] };
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(
    namespace(demo),
    claim(demo, 'data'),
    claim(demo, 'logs'),
    deployment(demo, 'web', ['data', 'logs']),
    statefulSet(demo, 'db', { replicas: 2, labels: { tier: 'db' } }),
    deployment(demo, 'bare', []),
    deployment(demo, 'orphan', ['data', 'nowhere', 'gone'], { labels: { tier: 'orphan' } }),
    claim(demo, 'unused', { storageClass: 'sandbox-wait' }),
    deployment(demo, 'early', ['unused'], { replicas: 0 }),
    volume('on-a-host', { hostPath: { path: '/tmp' } }),
    claim(demo, 'static', { storageClass: '', volume: 'on-a-host' }),
    deployment(demo, 'static', ['static'], { replicas: 0 }),
    volume('elsewhere', { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' } }),
    claim(demo, 'classless', { storageClass: '', volume: 'elsewhere' }),
    volume('on-a-node', {
      csi: { driver: 'sandbox.csi.stash.dev', volumeHandle: 'vol-2' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [ofOldWorker] }] } },
    }),
    claim(demo, 'lost', { storageClass: '', volume: 'on-a-node' }),
    deployment(demo, 'twice', ['data'], { replicas: 0 }),
    configuration(demo, 'nightly', { kind: 'Deployment', name: 'twice' }),
    configuration(demo, 'weekly', { kind: 'Deployment', name: 'twice' }),
    configuration(demo, 'files', { kind: 'Deployment', name: 'web' }, { driver: 'Restic' }),
    deployment(demo, 'taken', ['data'], { replicas: 0 }),
    configuration(demo, 'deploy-taken', { kind: 'Deployment', name: 'taken' }, { driver: 'Restic' }),
    deployment(demo, 'hooked', ['data'], { replicas: 0 }),
    configuration(
      demo,
      'hooked',
      { kind: 'Deployment', name: 'hooked' },
      {
        hooks: { preBackup: { exec: { command: ['sync'] }, httpGet: { port: 80 } } },
      },
    ),
  );
  await world.bound(demo, 'data', 'logs', 'data-db-0', 'data-db-1', 'static', 'classless', 'lost');
  const leaving = object('v1', 'PersistentVolumeClaim', {
    metadata: { name: 'leaving', namespace: demo, finalizers: ['example.com/hold'] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await world.create([persistentVolumeClaims, leaving]);
  await world.bound(demo, 'leaving');
  await world.cluster.delete(persistentVolumeClaims, { name: 'leaving', namespace: demo });
});

after(() => world[Symbol.asyncDispose]());

function volume(name: string, source: object) {
  const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...source };
  return [persistentVolumes, object('v1', 'PersistentVolume', { metadata: { name }, spec })] as const;
}

interface Refused extends RunOptions {
  readonly name: string;
  readonly words: string;
  readonly code: number;
}

const local = '--executor=local';

const refused: Refused[] = [
  { name: 'no-target', words: 'snapshot', code: 2 },
  { name: 'unknown-type', words: 'snapshot deplyo/web', code: 2 },
  { name: 'pod', words: 'snapshot pod/web-1', code: 2 },
  { name: 'type-without-name', words: 'snapshot deploy', code: 2 },
  { name: 'selector-with-all', words: 'snapshot deploy -l tier=db --all', code: 2 },
  { name: 'name-with-all', words: 'snapshot deploy/web --all', code: 2 },
  { name: 'bad-timeout', words: 'snapshot deploy/web --timeout=soon', code: 2 },
  { name: 'wait-false-local', words: 'snapshot deploy/web --wait=false --executor=local', code: 2 },
  { name: 'name-not-found', words: `snapshot deploy/wbe ${local}`, code: 3 },
  { name: 'claim-not-found', words: `snapshot pvc/dat ${local}`, code: 3 },
  { name: 'namespace-not-found', words: `snapshot deploy/web -n prod ${local}`, code: 3 },
  { name: 'namespace-not-found-all', words: `snapshot deploy --all -n prod ${local}`, code: 3 },
  { name: 'nothing-with-label', words: `snapshot sts -l tier=web ${local}`, code: 3 },
  { name: 'no-claims', words: `snapshot deploy/bare ${local}`, code: 1 },
  { name: 'claims-missing', words: `snapshot deploy/orphan ${local}`, code: 1 },
  { name: 'claim-not-bound', words: `snapshot deploy/early ${local}`, code: 1 },
  { name: 'claim-terminating', words: `snapshot pvc/leaving ${local}`, code: 1 },
  { name: 'no-csi-driver', words: `snapshot deploy/static ${local}`, code: 1 },
  { name: 'node-lost', words: `snapshot pvc/lost ${local}`, code: 1 },
  { name: 'no-class-for-driver', words: `snapshot pvc/classless ${local}`, code: 1 },
  { name: 'unknown-class', words: `snapshot pvc/data --snapshot-class=sandbx ${local}`, code: 3 },
  { name: 'two-configurations', words: `snapshot deploy/twice ${local}`, code: 1 },
  { name: 'unknown-configuration', words: `snapshot deploy/twice --config=nightl ${local}`, code: 3 },
  { name: 'configuration-of-another', words: `snapshot deploy/web --config=nightly ${local}`, code: 1 },
  { name: 'restic-asked-for', words: `snapshot deploy/web --config=files ${local}`, code: 1 },
  { name: 'restic-in-the-way', words: `snapshot deploy/taken ${local}`, code: 1 },
  { name: 'hooks', words: `snapshot deploy/hooked ${local}`, code: 1 },
  { name: 'hooks-by-operator', words: 'snapshot deploy/web --pre sync --executor=operator', code: 2 },
  { name: 'hooks-without-wait', words: 'snapshot deploy/web --post sync --wait=false', code: 2 },
  { name: 'container-without-hooks', words: 'snapshot deploy/web --container main', code: 2 },
  { name: 'no-freeze', words: 'snapshot deploy/web --pre sync --max-freeze 0', code: 2 },
  { name: 'one-of-several', words: `snapshot deploy/web deploy/bare sts/db sts/none ${local}`, code: 1 },
  { name: 'one-of-all', words: `snapshot deploy -l tier=orphan ${local}`, code: 1 },
];

for (const { name, words, code } of refused) {
  test(`snapshot refuses: ${name}`, async () => {
    await refuses(name, words, code);
  });
}

/** The refused command must not create any object. */
async function refuses(name: string, words: string, code: number, options: RunOptions = {}): Promise<void> {
  const before = await world.census();
  const { out, err, code: exit } = await world.run(words, options);
  assert.deepEqual([exit, out], [code, ''], err);
  await checkAdvice(err);
  matchGolden(`commands/snapshot/${name}`, err);
  assert.deepEqual(await world.census(), before);
}

test('snapshot asks for nodes only where they matter, and goes on without the right', async () => {
  const { faults, requests } = world.sandbox;
  const asked = async (words: string, code: number) => {
    requests.reset();
    const ran = await world.run(words, { hints: false });
    assert.equal(ran.code, code, ran.err);
    return requests.count({ verb: 'list', plural: 'nodes' });
  };
  assert.equal(await asked('snapshot pvc/data --dry-run=client', 0), 0);
  assert.equal(await asked('snapshot pvc/lost --dry-run=client', 1), 1);
  assert.equal(await asked('schedule pvc/lost --cron @daily --keep-last 3', 1), 1);
  faults.inject({ verb: 'list', plural: 'nodes', effect: { kind: 'fail', code: 403, reason: 'Forbidden' } });
  assert.equal(await asked('snapshot pvc/lost --dry-run=client', 0), 1);
  faults.clear();
});

test('snapshot refuses to choose between two default classes, or two without a default', async () => {
  const second = (annotations: Record<string, string>) =>
    object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', {
      metadata: { name: 'second', annotations },
      driver: 'sandbox.csi.stash.dev',
      deletionPolicy: 'Delete',
    });
  const isDefault = 'snapshot.storage.kubernetes.io/is-default-class';
  const words = `snapshot deploy/web ${local}`;
  await world.create([volumeSnapshotClasses, second({ [isDefault]: 'true' })]);
  await refuses('two-default-classes', words, 1);
  const annotations = { [isDefault]: 'false' };
  for (const name of ['sandbox', 'second']) {
    await world.cluster.patch(volumeSnapshotClasses, { name }, { metadata: { annotations } });
  }
  await refuses('no-default-class', words, 1);
  await world.cluster.delete(volumeSnapshotClasses, { name: 'second' });
});

test('snapshot refuses a user without rights, and names the rights and the user', async () => {
  const words = `snapshot deploy/web ${local}`;
  for (const [verb, plural] of [
    ['get', 'deployments'],
    ['list', 'persistentvolumeclaims'],
    ['list', 'backupconfigurations'],
  ] as const) {
    world.sandbox.faults.inject({ verb, plural, effect: { kind: 'fail', code: 403, reason: 'Forbidden' } });
    await refuses(`may-not-${verb}-${plural}`, words, 1);
    world.sandbox.faults.clear();
  }
  for (const { verb, group, resource } of rightsOfSnapshot) {
    const name = `${verb}-${resource.replace('/', '-')}`;
    await refuses(`lacks-${name}`, words, 1, { through: withoutRight(verb, group, resource) });
  }
  await refuses('lacks-several', words, 1, { through: withoutRight('create', undefined, undefined) });
});

test('without an operator, --wait=false leaves nothing behind', async () => {
  world.race();
  await refuses('wait-false-nobody', 'snapshot deploy/web --wait=false', 1);
  world.standAt(0);
});

test('snapshot without the CRDs', async () => {
  await using bare = await startWorld({ stash: false });
  await bare.create(namespace(demo), claim(demo, 'data'), deployment(demo, 'web', ['data']));
  await bare.bound(demo, 'data');
  const words = `snapshot deploy/web ${local}`;
  const told = async (name: string) => {
    const { code, err } = await bare.run(words);
    assert.equal(code, 1);
    await checkAdvice(err);
    matchGolden(`commands/snapshot/${name}`, err);
    assert.deepEqual(await bare.census(), ['PersistentVolumeClaim demo/data']);
  };
  await told('no-stash-crds');
  assert.equal((await bare.run('install --crds')).code, 0);
  for (const kind of ['volumesnapshots', 'volumesnapshotclasses', 'volumesnapshotcontents']) {
    await bare.cluster.delete(customResourceDefinitions, { name: `${kind}.snapshot.storage.k8s.io` });
  }
  await told('no-snapshot-crds');
});
