import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, namespace, object } from './objects.ts';
import { withoutRight } from './rights.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
  const retain = {
    metadata: { name: 'retain' },
    driver: 'sandbox.csi.stash.dev',
    deletionPolicy: 'Retain',
  };
  await world.create(
    namespace(demo),
    claim(demo, 'data'),
    claim(demo, 'logs'),
    claim(demo, 'cache'),
    deployment(demo, 'web', ['data', 'logs'], { replicas: 0 }),
    [volumeSnapshotClasses, object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', retain)],
  );
  await world.bound(demo, 'data', 'logs', 'cache');
  for (const [seconds, words] of [
    [0, 'deploy/web'],
    [100, 'deploy/web'],
    [200, 'pvc/cache --snapshot-class=retain'],
  ] as const) {
    world.standAt(seconds);
    const ran = await world.run(`snapshot ${words} ${local}`);
    assert.equal(ran.code, 0, ran.err);
  }
  world.standAt(1_000);
});

after(() => world[Symbol.asyncDispose]());

async function succeeds(name: string, words: string, options: RunOptions = {}): Promise<void> {
  const { code, out, err } = await world.run(words, options);
  assert.equal(code, 0, err);
  matchGolden(`commands/delete/${name}`, `${out}--- stderr\n${anyContent(err)}`);
}

async function refuses(name: string, words: string, code: number, options: RunOptions = {}): Promise<void> {
  const before = await world.census();
  const ran = await world.run(words, options);
  assert.deepEqual([ran.code, ran.out], [code, ''], ran.err);
  if (options.isTTY !== true) await checkAdvice(ran.err);
  matchGolden(`commands/delete/${name}`, anyContent(ran.err));
  assert.deepEqual(await world.census(), before);
}

const anyContent = (text: string) => text.replaceAll(/snapcontent-[0-9a-f-]+/g, 'CONTENT');

const has = async (line: string) => (await world.census()).includes(line);

test('a dry run prints what depends on the objects', async () => {
  const before = await world.census();
  await succeeds('dry-run-point', 'delete --restore-point deploy-web-1773457200 --dry-run=client');
  await succeeds('dry-run-one', 'delete vs/data-1773457200 --dry-run=client');
  await succeeds('dry-run-one', 'delete data-1773457200 --dry-run=client');
  await succeeds('dry-run-point', 'delete deploy-web-1773457200 --dry-run=client');
  await succeeds('dry-run-session', 'delete backupsession deploy-web-1773457300 --dry-run=client');
  await succeeds('dry-run-retained', 'delete vs/cache-1773457400 --dry-run=client --force');
  const asListed = 'volumesnapshot.snapshot.storage.k8s.io/data-1773457200';
  await succeeds('dry-run-point', `delete --restore-point ${asListed} --dry-run=client`);
  await succeeds('dry-run-one', `delete ${asListed} --dry-run=client`);
  assert.deepEqual(await world.census(), before);
});

test('the last complete restore point of a workload is deleted only with --force', async () => {
  await refuses('last-of-one', 'delete volumesnapshot cache-1773457400 --yes', 1);
  await refuses('last-of-several', 'delete vs data-1773457200 logs-1773457300 --yes', 1);
});

test('an invalid command line and missing objects are refused', async () => {
  await refuses('nothing', 'delete --yes', 2);
  await refuses('no-name', 'delete backupsession --yes', 2);
  await refuses('no-type', 'delete deploy-web-1773457300 --yes', 1);
  await refuses('no-type-elsewhere', 'delete deploy-web-1773457200 --yes -n prod', 3);
  await refuses('no-type-of-two', 'delete data-1773457200 deploy-web-1773457300 --yes', 1);
  await refuses('no-type-unknown', 'delete dota-1773457200 --yes', 3);
  await refuses('mixed', 'delete vs/a b --yes', 2);
  await refuses('point-and-name', 'delete vs/a --restore-point deploy-web-1773457200', 2);
  await refuses('other-type', 'delete pod/web --yes', 2);
  await refuses('workload', 'delete deploy/web --yes', 2);
  await refuses('workload-without-points', 'delete sts web --yes', 2);
  await refuses('bad-name', 'delete vs/A_B --yes', 2);
  await refuses('unknown', 'delete backupsession/deploy-web-177345720 vs/x --yes', 3);
  await refuses('unknown-point', 'delete --restore-point nope --yes', 3);
  await refuses('no-namespace', 'delete vs/x --yes -n prod', 3);
  const ignored = await world.run('delete vs/x --ignore-not-found');
  assert.deepEqual([ignored.code, ignored.out, ignored.err], [0, '', '']);
});

test('a user who may not delete the objects is told before the question', async () => {
  const words = 'delete vs/data-1773457200 backupsession/deploy-web-1773457300';
  await refuses('lacks-delete', words, 1, { through: withoutRight('none') });
});

test('without a terminal, or if the user answers no, nothing is deleted', async () => {
  await refuses('nobody-asked', 'delete backupsession/deploy-web-1773457300', 2);
  const words = 'delete backupsession/deploy-web-1773457300';
  await refuses('answered-no', words, 1, { isTTY: true, stdin: 'n\n' });
  await refuses('answered-nothing', words, 1, { isTTY: true });
});

test('a running session is deleted only with --force, and a warning explains the effect', async () => {
  const session = object('stash.appscode.com/v1beta1', 'BackupSession', {
    metadata: {
      name: 'nightly-1',
      namespace: demo,
      annotations: {
        'stash.appscode.com/executor': 'operator-0 4',
        'stash.appscode.com/quiesced-since': '2026-03-14T03:15:00Z',
      },
    },
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'nightly' } },
  });
  await world.create([backupSessions, session]);
  await refuses('running', 'delete backupsession/nightly-1 --yes', 1);
  await succeeds('running-forced', 'delete backupsession/nightly-1 --yes --force');
  assert.equal(await has('BackupSession demo/nightly-1'), false);
});

test('a snapshot from which a claim is being restored is not deleted, even with --force', async () => {
  const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'logs-1773457200' };
  const spec = {
    storageClassName: 'sandbox-wait',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    dataSource: source,
  };
  const pending = object('v1', 'PersistentVolumeClaim', {
    metadata: { name: 'copy', namespace: demo },
    spec,
  });
  const restore = object('stash.appscode.com/v1beta1', 'RestoreSession', {
    metadata: { name: 'again', namespace: demo },
    spec: {
      driver: 'VolumeSnapshotter',
      target: { volumeClaimTemplates: [{ metadata: { name: 'copy' }, spec }] },
    },
  });
  await world.create([persistentVolumeClaims, pending], [restoreSessions, restore]);
  await refuses('being-restored', 'delete vs/logs-1773457200 --yes --force', 1);
  await succeeds('restoresession', 'delete restore/again --yes --force');
  await world.cluster.delete(persistentVolumeClaims, { name: 'copy', namespace: demo });
  await world.until(persistentVolumeClaims, demo, 'copy', (it) => it === undefined);
});

test('a restore that begins while the user decides is seen before anything is deleted', async () => {
  const name = 'logs-1773457200';
  const copy = object('v1', 'PersistentVolumeClaim', {
    metadata: { name: 'late', namespace: demo },
    spec: {
      storageClassName: 'sandbox-wait',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name },
    },
  });
  // The command checks rights just before it asks.
  const through = (cluster: Cluster): Cluster => ({
    ...cluster,
    async create(resource, ...a) {
      if (resource.kind === 'SelfSubjectRulesReview') await world.create([persistentVolumeClaims, copy]);
      return await cluster.create(resource, ...a);
    },
  });
  const ran = await world.run(`delete vs/${name}`, { isTTY: true, stdin: 'y\n', through });
  assert.equal(ran.code, 1, ran.err);
  assert.match(ran.err, /Delete it\? \[y\/N\] error: claim late is still being restored/);
  assert.equal(await has(`VolumeSnapshot demo/${name}`), true);
  await world.cluster.delete(persistentVolumeClaims, { name: 'late', namespace: demo });
  await world.until(persistentVolumeClaims, demo, 'late', (it) => it === undefined);
});

test('deleting a session keeps its snapshots; deleting them waits until they are gone', async () => {
  await succeeds('session', 'delete backupsession/deploy-web-1773457300', { isTTY: true, stdin: 'y\n' });
  assert.equal(await has('BackupSession demo/deploy-web-1773457300'), false);
  assert.equal(await has('VolumeSnapshot demo/data-1773457200'), true);
  await succeeds('point', 'delete --restore-point deploy-web-1773457200 --yes');
  assert.equal(await has('VolumeSnapshot demo/data-1773457200'), false);
  assert.equal(await has('VolumeSnapshot demo/logs-1773457200'), false);
  assert.equal(await has('VolumeSnapshot demo/data-1773457300'), true);
  await succeeds('forced', 'delete vs/cache-1773457400 --yes --force -o name');
});

test('at its timeout, the command names the finalizer that delays a deletion', async () => {
  const held = object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', {
    metadata: { name: 'held', namespace: demo, finalizers: ['example.com/hold'] },
    spec: { source: { persistentVolumeClaimName: 'data' }, volumeSnapshotClassName: 'sandbox' },
  });
  await world.create([volumeSnapshots, held]);
  world.race();
  const { code, err } = await world.run('delete vs/held --yes --timeout 10s');
  world.standAt(2_000);
  assert.equal(code, 5, err);
  await checkAdvice(err);
  matchGolden('commands/delete/held', err);
  const left = await world.run('delete vs/held --yes --wait=false');
  assert.equal(left.code, 0, left.err);
  const at = { name: 'held', namespace: demo };
  await world.cluster.patch(volumeSnapshots, at, { metadata: { finalizers: null } });
});
