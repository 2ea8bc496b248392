/** `coverage`: one world, at four times. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  pods,
  statefulSets,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { StashError } from '#src/errors.ts';
import { foreignSnapshot } from '#test/domain/restore-point-objects.ts';
import { matchGolden } from '#test/support/golden.ts';

import { claim, configuration, deployment, namespace, statefulSet } from './objects.ts';
import { paste } from './paste.ts';
import { startWorld, type World } from './world.ts';

const demo = 'demo';
const day = 86_400;
let world: World;

before(async () => {
  world = await startWorld();
  const web = { kind: 'Deployment', name: 'web' };
  await world.create(
    ...[namespace(demo), namespace('other'), namespace('empty')],
    ...['alone', 'by-hand', 'web'].map((name) => claim(demo, name)),
    claim(demo, 'cache', { labels: { 'stash.appscode.com/coverage': 'ignore' } }),
    claim(demo, 'pending', { storageClass: 'sandbox-wait' }),
    claim('other', 'media', { labels: { app: 'media' } }),
    deployment(demo, 'web', ['web'], { labels: { tier: 'front' } }),
    statefulSet(demo, 'db', { replicas: 2 }),
    configuration(demo, 'web', web, { schedule: '0 3 * * *', paused: false }),
    configuration(demo, 'web-weekly', web, { schedule: '0 3 * * 0', paused: false }),
  );
  await world.bound(demo, 'alone', 'by-hand', 'web', 'cache', 'data-db-0', 'data-db-1');
  await world.bound('other', 'media');
  const { metadata, spec } = foreignSnapshot('by-hand', { className: 'sandbox' });
  await world.create([
    volumeSnapshots,
    {
      ...foreignSnapshot('by-hand'),
      metadata: { name: metadata.name, namespace: demo },
      spec,
    } as KubernetesObject,
  ]);
  await world.until(volumeSnapshots, demo, metadata.name, (it) => it?.status?.readyToUse === true);
});

after(() => world[Symbol.asyncDispose]());

async function shown(name: string, words: string, options?: Parameters<World['run']>[1]) {
  const { code, out, err } = await world.run(`coverage ${words}`.trim(), options);
  matchGolden(`commands/coverage/${name}`, `${out}--- stderr\n${err}`);
  return code;
}

/** A server that does not let the user list these. */
function withoutLists(...refused: readonly Resource[]): (cluster: Cluster) => Cluster {
  const check = ({ plural }: Resource) => {
    if (refused.some((each) => each.plural === plural))
      throw new StashError('forbidden', `may not list ${plural}`);
  };
  return (cluster) => ({
    ...cluster,
    list: async (resource, scope) => {
      check(resource);
      return await cluster.list(resource, scope);
    },
    async *pages(resource, scope) {
      check(resource);
      yield* cluster.pages(resource, scope);
    },
  });
}

const statesOf = async (words = '') => {
  const { out } = await world.run(`coverage -A -o json ${words}`.trim());
  const { items } = JSON.parse(out) as { items: { metadata: { name: string }; state: string }[] };
  return Object.fromEntries(items.map(({ metadata, state }) => [metadata.name, state]));
};

test('at first nothing is covered, and the printed command covers a claim', async () => {
  assert.equal(await shown('uncovered', '-A', { outIsTTY: false }), 0);
  assert.equal((await world.run('coverage -A --fail-on=uncovered')).code, 1);
  const { err } = await world.run('coverage');
  const [, printed = ''] = /^to take a first snapshot: (.*)$/m.exec(err) ?? [];
  assert.equal(printed, 'kubectl stash snapshot persistentvolumeclaim/alone -n demo');
  world.standAt(60);
  await paste(world, [printed]);
  assert.equal((await statesOf())['alone'], 'covered');
});

test('a claim is covered by a schedule, by a snapshot on demand, or by neither', async () => {
  world.standAt(120);
  assert.equal((await world.run('snapshot deploy/web --config web --executor=local')).code, 0);
  world.standAt(180);
  assert.equal((await world.run('snapshot sts/db --executor=local')).code, 0);
  assert.equal(await shown('covered', ''), 0);
  assert.equal(await shown('wide', '-A -o wide --utc --sort-by name'), 0);
  assert.equal(await shown('yaml', '-o yaml -l tier=front'), 0);
  assert.equal((await world.run('coverage -A --fail-on=stale')).code, 0);
});

test('a claim that a StatefulSet left behind is not covered by its next snapshots', async () => {
  await world.cluster.patch(statefulSets, { name: 'db', namespace: demo }, { spec: { replicas: 1 } });
  world.standAt(2 * day);
  assert.equal((await world.run('snapshot sts/db --executor=local')).code, 0);
  assert.equal(await shown('left-behind', '-l app=db --no-headers'), 0);
});

test('with time, claims become stale: by their schedule, or by --stale-after', async () => {
  world.standAt(2 * day + 600);
  const { web, alone, ...others } = await statesOf();
  assert.deepEqual({ web, alone }, { web: 'stale', alone: 'stale' });
  assert.deepEqual(others, {
    ...{ 'data-db-0': 'covered', 'data-db-1': 'stale', 'by-hand': 'unknown', media: 'uncovered' },
  });
  assert.equal((await statesOf('--stale-after=72h'))['alone'], 'covered');
  assert.equal((await statesOf('--stale-after=72h'))['web'], 'stale');
  assert.equal(await shown('stale', '-o wide --utc --fail-on=stale'), 1);
  assert.equal((await world.run('coverage -l app=media -A --fail-on=stale,unknown')).code, 0);
});

test('what the user may not read is unknown', async () => {
  world.standAt(2 * day + 600);
  const through = withoutLists(statefulSets, pods, volumeSnapshotClasses);
  assert.equal(await shown('no-workloads', '', { through }), 0);
  assert.equal(
    await shown('no-configurations', '-l app!=db', { through: withoutLists(backupConfigurations) }),
    0,
  );
});

const ends: readonly { words: string; code: number; out?: string; err: string }[] = [
  { words: '-n empty', code: 0, err: 'No claims that hold data found in empty namespace; 0 ignored.\n' },
  { words: '-l app=none', code: 0, err: 'No claims that hold data found in demo namespace; 1 ignored.\n' },
  {
    words: '-n nowhere',
    code: 3,
    err: 'error: namespace "nowhere" not found\nhint: kubectl get namespaces\n',
  },
  {
    words: '--fail-on=missing',
    code: 2,
    err: 'error: --fail-on takes uncovered, stale, unknown, not "missing"\nhint: write it as in --fail-on=uncovered,stale\n',
  },
  {
    words: '--sort-by nope',
    code: 2,
    err: 'error: --sort-by: no item has the field nope\nhint: write a field that -o json prints, such as .metadata.name\n',
  },
  { words: '-o name -l tier=front', code: 0, out: 'persistentvolumeclaim/web\n', err: '' },
];
for (const { words, code, out = '', err } of ends) {
  test(`coverage ${words} ends with ${code}`, async () => {
    assert.deepEqual(await world.run(`coverage ${words}`), { code, out, err });
  });
}
