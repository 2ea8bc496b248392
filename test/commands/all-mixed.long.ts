import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, namespace } from './objects.ts';
import { settled, withoutIds } from './settled.ts';
import { startWorld, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
const types = 'deploy,pvc';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(
    namespace(demo),
    claim(demo, 'good', { labels: { tier: 'data' } }),
    claim(demo, 'never-used', { storageClass: 'sandbox-wait', labels: { tier: 'unused' } }),
    deployment(demo, 'stateless', [], { replicas: 0, labels: { tier: 'none' } }),
    deployment(demo, 'keeper', ['good'], { replicas: 0, labels: { tier: 'data' } }),
  );
  await world.bound(demo, 'good');
});

after(() => world[Symbol.asyncDispose]());

async function snapshots(): Promise<string[]> {
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: demo });
  return items.map(({ metadata }) => metadata.name).sort();
}

test('snapshot --all takes what can be taken, skips what has no claims, and tells the rest at the end', async () => {
  world.standAt(0);
  const { code, out, err } = await world.run(`snapshot ${types} --all ${local}`);
  assert.equal(code, 1);
  await checkAdvice(err);
  matchGolden('commands/snapshot/all-mixed', `${out}--- stderr\n${settled(err)}`);
  const { items } = await world.cluster.list(backupSessions, { namespace: demo });
  assert.deepEqual(items.map(({ metadata, status }) => `${metadata.name} ${status?.phase ?? ''}`).sort(), [
    'deploy-keeper-1773457200 Succeeded',
    'pvc-good-1773457200 Succeeded',
  ]);
  assert.equal((await snapshots()).length, 2);
});

test('snapshot -l exits with 0 where it only skips', async () => {
  world.standAt(10);
  const { code, out, err } = await world.run(`snapshot deploy -l tier!=unused ${local} -o name`);
  assert.deepEqual([code, out], [0, 'backupsession.stash.appscode.com/deploy-keeper-1773457210\n'], err);
  assert.match(err, /^note: deployment\/stateless uses no persistent volume claims: skipped$/m);
});

test('snapshot -l fails where nothing has claims', async () => {
  world.standAt(20);
  const before = await snapshots();
  const { code, out, err } = await world.run(`snapshot deploy -l tier=none ${local}`);
  assert.deepEqual([code, out], [1, '']);
  await checkAdvice(err);
  assert.match(err, /^error: deployment\/stateless uses no persistent volume claims$/m);
  assert.deepEqual(await snapshots(), before);
});

test('snapshot --all: a dry run prints the rest, and tells what is in the way', async () => {
  world.standAt(30);
  const before = await world.census();
  const { code, out, err } = await world.run(`snapshot ${types} --all --dry-run=client ${local}`);
  assert.equal(code, 1);
  await checkAdvice(err);
  matchGolden('commands/snapshot/all-mixed-dry-run', withoutIds(`${out}--- stderr\n${err}`));
  assert.deepEqual(await world.census(), before);
});

test('snapshot with names takes nothing where one of them cannot be taken', async () => {
  world.standAt(40);
  const before = await snapshots();
  const { code, err } = await world.run(`snapshot deploy/keeper deploy/stateless ${local}`);
  assert.equal(code, 1, err);
  assert.deepEqual(await snapshots(), before);
});
