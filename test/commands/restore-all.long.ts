import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  deployments,
  persistentVolumeClaims,
  restoreSessions,
  statefulSets,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, faultyClass, namespace, statefulSet } from './objects.ts';
import { settled, withoutIds } from './settled.ts';
import { startWorld, type World } from './world.ts';

const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(faultyClass('error-always'));
});

after(() => world[Symbol.asyncDispose]());

/** A namespace with the claim `alone` and its restore point. */
async function small(name: string): Promise<void> {
  world.standAt(0);
  await world.create(namespace(name), claim(name, 'alone'));
  await world.bound(name, 'alone');
  const { code, err } = await world.run(`snapshot pvc/alone -n ${name} ${local}`);
  assert.equal(code, 0, err);
}

/** A namespace with workloads `web`, `db` and `half`, and the claim `alone`, each with a restore point. */
async function place(name: string): Promise<void> {
  world.standAt(0);
  await world.create(
    namespace(name),
    claim(name, 'data', { labels: { app: 'web' } }),
    claim(name, 'logs'),
    deployment(name, 'web', ['data', 'logs'], { replicas: 0, labels: { tier: 'front' } }),
    statefulSet(name, 'db', { replicas: 2, labels: { tier: 'back' } }),
    claim(name, 'half-a'),
    claim(name, 'half-b'),
    deployment(name, 'half', ['half-a', 'half-b'], { replicas: 0 }),
    claim(name, 'alone', { labels: { tier: 'front' } }),
  );
  const claims = ['data', 'logs', 'data-db-0', 'data-db-1', 'half-a', 'half-b', 'alone'];
  await world.bound(name, ...claims);
  const targets = 'deploy/web sts/db deploy/half pvc/alone';
  const { code, err } = await world.run(`snapshot ${targets} -n ${name} ${local}`);
  assert.equal(code, 0, err);
  world.standAt(60);
}

async function drop(namespace: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) await world.cluster.delete(persistentVolumeClaims, { name, namespace });
  for (const name of names)
    await world.until(persistentVolumeClaims, namespace, name, (it) => it === undefined);
}

/** Deletes the workloads, and all claims but half-a. */
async function lose(name: string): Promise<void> {
  for (const gone of ['web', 'half'])
    await world.cluster.delete(deployments, { name: gone, namespace: name });
  await world.cluster.delete(statefulSets, { name: 'db', namespace: name });
  await drop(name, 'data', 'logs', 'data-db-0', 'data-db-1', 'half-b', 'alone');
}

/** Each claim with the snapshot that it was restored from. */
async function claims(namespace: string): Promise<Record<string, string | undefined>> {
  const { items } = await world.cluster.list(persistentVolumeClaims, { namespace });
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.dataSource?.name]));
}

async function sessions(namespace: string): Promise<string[]> {
  const { items } = await world.cluster.list(restoreSessions, { namespace });
  return items.map(({ metadata, status }) => `${metadata.name} ${status?.phase ?? ''}`).sort();
}

const back = {
  alone: 'alone-1773457200',
  data: 'data-1773457200',
  'data-db-0': 'data-db-0-1773457200',
  'data-db-1': 'data-db-1-1773457200',
  'half-a': undefined,
  logs: 'logs-1773457200',
};

test('restore --all brings back a namespace, tells what it refuses, and is safe to repeat', async () => {
  await place('lost');
  await lose('lost');
  const before = await world.census();
  const dry = await world.run(`restore --all -n lost --dry-run=client ${local}`);
  assert.equal(dry.code, 1);
  await checkAdvice(dry.err);
  matchGolden('commands/restore/all-dry-run', withoutIds(`${dry.out}--- stderr\n${dry.err}`));
  assert.deepEqual(await world.census(), before);

  const { code, out, err } = await world.run(`restore --all -n lost ${local}`);
  assert.equal(code, 1);
  await checkAdvice(err);
  matchGolden('commands/restore/all', `${out}--- stderr\n${settled(err)}`);
  assert.deepEqual(await claims('lost'), back);
  const ended = await sessions('lost');
  assert.deepEqual(ended, [
    'restore-deploy-web-1773457260 Succeeded',
    'restore-pvc-alone-1773457260 Succeeded',
    'restore-sts-db-1773457260 Succeeded',
  ]);

  world.standAt(120);
  await world.cluster.delete(persistentVolumeClaims, { name: 'half-a', namespace: 'lost' });
  await world.until(persistentVolumeClaims, 'lost', 'half-a', (it) => it === undefined);
  const again = await world.run(`restore --all -n lost -o name ${local}`);
  assert.deepEqual(
    [again.code, again.out],
    [0, 'restoresession.stash.appscode.com/restore-deploy-half-1773457320\n'],
    again.err,
  );
  assert.deepEqual(await claims('lost'), {
    ...back,
    'half-a': 'half-a-1773457200',
    'half-b': 'half-b-1773457200',
  });
  world.standAt(180);
  const third = await world.run(`restore --all -n lost ${local}`);
  assert.deepEqual([third.code, third.out], [0, '']);
  matchGolden('commands/restore/all-exist', third.err);
});

test('restore -l selects by labels of workloads, and of claims whose workload is gone', async () => {
  await place('labels');
  await lose('labels');
  await world.create(deployment('labels', 'half', ['half-a', 'half-b'], { labels: { tier: 'back' } }));
  const selected = async (words: string) => {
    const { code, out, err } = await world.run(
      `restore ${words} -n labels --dry-run=client -o name ${local}`,
    );
    return { code, sessions: out.split('\n').filter((line) => line.startsWith('restoresession')), err };
  };
  const named = (...names: string[]) =>
    names.map((name) => `restoresession.stash.appscode.com/restore-${name}-1773457260`);
  const cases = [
    { words: '-l app=web', names: ['deploy-web'] },
    { words: '-l tier=front', names: ['pvc-alone'] },
    { words: '-l app', names: ['deploy-web', 'sts-db'] },
    { words: 'sts -l app', names: ['sts-db'] },
    { words: 'pvc,sts --all', names: ['pvc-alone', 'sts-db'] },
    { words: '--all --suffix -drill', names: ['deploy-half', 'deploy-web', 'pvc-alone', 'sts-db'] },
  ];
  for (const { words, names } of cases) {
    const ran = await selected(words);
    assert.deepEqual([ran.code, ran.sessions.sort()], [0, named(...names)], `${words}\n${ran.err}`);
  }
  const half = await selected('-l tier=back');
  assert.deepEqual([half.code, half.sessions], [1, []], half.err);
  assert.match(half.err, /^error: deployment\/half: claim half-b does not exist, but half-a does/m);
});

test('restore --all restores the others where one has no complete restore point, or one has none by then', async () => {
  await small('some');
  world.standAt(30);
  await world.create(claim('some', 'bad'), deployment('some', 'bad', ['bad'], { replicas: 0 }));
  await world.bound('some', 'bad');
  const failed = `snapshot deploy/bad -n some --snapshot-class=error-always --fail-fast ${local}`;
  assert.equal((await world.run(failed)).code, 4);
  await world.cluster.delete(volumeSnapshots, { name: 'bad-1773457230', namespace: 'some' });
  await drop('some', 'bad', 'alone');
  world.standAt(60);
  const early = await world.run(`restore --all -n some --from 2h ${local}`);
  assert.equal(early.code, 1);
  assert.match(early.err, /persistentvolumeclaim\/alone has no complete restore point of /);
  const { code, out, err } = await world.run(`restore --all -n some --from 5s ${local}`);
  assert.equal(code, 1, err);
  await checkAdvice(err);
  assert.match(out, /^persistentvolumeclaim\/alone restored: /);
  assert.match(err, /^error: deployment\/bad has no complete restore point/m);
  assert.equal((await claims('some'))['alone'], 'alone-1773457200');
});

test('restore --all goes on with the sessions of a run that was interrupted', async () => {
  await small('broken');
  await drop('broken', 'alone');
  const stop = new AbortController();
  const through: NonNullable<Parameters<World['run']>[1]>['through'] = (cluster) => ({
    ...cluster,
    create: async (resource, object, options) => {
      const made = await cluster.create(resource, object, options);
      if (object.kind === 'RestoreSession') stop.abort();
      return made;
    },
  });
  const first = await world.run(`restore --all -n broken ${local}`, { through, signal: stop.signal });
  assert.equal(first.code, 130, first.err);
  const unfinished = await sessions('broken');
  world.standAt(3600);
  const { code, err } = await world.run(`restore --all -n broken ${local}`);
  assert.equal(code, 0, err);
  assert.deepEqual((await sessions('broken')).length, unfinished.length);
  assert.equal((await claims('broken'))['alone'], 'alone-1773457200');
});

const refused = [
  { name: 'all-and-selector', words: 'restore --all -l app=web', code: 2 },
  { name: 'all-and-name', words: 'restore deploy/web --all', code: 2 },
  { name: 'all-and-only', words: 'restore --all --only data --claim data=x', code: 2 },
  { name: 'all-and-file', words: 'restore --all -f x.yaml', code: 2 },
  { name: 'all-from-session', words: 'restore --all --from deploy-web-1773457200', code: 2 },
  { name: 'bad-selector', words: ['restore', '-l', 'app in web'], code: 2 },
  { name: 'all-none', words: 'restore --all -n empty', code: 3 },
  { name: 'selector-none', words: 'restore deploy,sts -l app=web -n empty', code: 3 },
  { name: 'all-no-namespace', words: 'restore --all -n nowhere', code: 3 },
];

for (const { name, words, code } of refused) {
  test(`restore refuses: ${name}`, async () => {
    if (name === 'all-none') await world.create(namespace('empty'));
    const { out, err, code: exit } = await world.run(words);
    assert.deepEqual([exit, out], [code, ''], err);
    await checkAdvice(err);
    matchGolden(`commands/restore/${name}`, err);
  });
}
