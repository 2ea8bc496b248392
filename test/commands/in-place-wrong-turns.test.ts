/** Wrong turns with `restore --in-place`, `undo`, `volumes` and `forget`: one line, a hint, and nothing is written. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import {
  daemonSets,
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  restoreSessions,
} from '#src/api/resources.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, namespace, object } from './objects.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const inShop = 'restore deploy/web --in-place -n shop';
let world: World;

before(async () => {
  world = await startWorld();
  world.standAt(0);
  await world.create(
    ...[namespace('shop'), namespace('other')],
    ...['data', 'logs', 'cache', 'each'].map((name) => claim('shop', name)),
    ...[
      deployment('shop', 'web', ['data', 'logs']),
      deployment('shop', 'api', ['cache']),
      deployment('shop', 'new', []),
    ],
    [
      daemonSets,
      object('apps/v1', 'DaemonSet', {
        metadata: { name: 'agent', namespace: 'shop' },
        spec: (deployment('shop', 'agent', ['each'])[1] as KubernetesObject & { spec: object }).spec,
      }),
    ],
  );
  await world.bound('shop', 'data', 'logs', 'cache', 'each');
  for (const name of ['web', 'api'])
    await world.until(deployments, 'shop', name, (it) => it?.status?.readyReplicas === 1);
  for (const target of ['deploy/web', 'deploy/api', 'ds/agent'])
    assert.equal((await world.run(`snapshot ${target} -n shop --executor=local`)).code, 0);
  world.standAt(60);
});

after(() => world[Symbol.asyncDispose]());

/** What a wrong turn must leave alone: all but the statuses, which controllers still write. */
async function state() {
  const objects: (Stored<KubernetesObject> & { readonly spec: object })[] = [
    ...(await world.cluster.list(persistentVolumes)).items,
    ...(await world.cluster.list(persistentVolumeClaims, {})).items,
    ...(await world.cluster.list(restoreSessions, {})).items,
    ...(await world.cluster.list(deployments, {})).items,
  ];
  return objects.map(({ kind, metadata: { name, annotations, labels, deletionTimestamp }, spec }) => {
    return { kind, name, annotations, labels, deletionTimestamp, spec };
  });
}

async function turn(words: string, code: number, options: RunOptions = {}): Promise<string> {
  const before = await state();
  const ran = await world.run(words, options);
  assert.equal(ran.code, code, `${words}: ${ran.err}`);
  assert.deepEqual(await state(), before, words);
  // A prompt stands on the line of the error, as the answer ends with the user's own line break.
  const err = ran.err.replace(/^Type .* to start: /m, '');
  if (code !== 0) await checkAdvice(err);
  const told = err.slice(Math.max(0, err.indexOf(code === 0 ? '' : 'error: ')));
  return `$ kubectl stash ${words}\n${ran.out}${told}exit ${code}\n\n`.replaceAll(
    /pvc-[0-9a-f-]{36}/g,
    'VOLUME',
  );
}

async function compare(golden: string, turns: readonly [string, number, RunOptions?][]): Promise<void> {
  let all = '';
  for (const each of turns) all += await turn(...each);
  matchGolden(`commands/wrong-turns/${golden}`, all);
}

/** Restores deployment/web in place. Resolves with the session's name. */
async function swapped(): Promise<string> {
  const ran = await world.run(`${inShop} --yes`);
  assert.equal(ran.code, 0, ran.err);
  const { out } = await world.run('volumes deploy/web -n shop -o jsonpath={.items[0].session}');
  return out.trim();
}

test('restore --in-place', async () => {
  await compare('restore', [
    [inShop, 2],
    [inShop, 1, { isTTY: true, stdin: 'shop\n' }],
    [inShop, 1, { isTTY: true, stdin: '' }],
    ...[
      '--suffix=-x',
      '--claim data=x',
      '--all',
      '-l app=web',
      '--storage-class=x',
      '--strip-label=x',
      '-f x.yaml',
      '--wait=false',
    ].map((flags): [string, number] => [`${inShop} --yes ${flags}`, 2]),
    [`${inShop} --yes --only nope`, 3],
    [`${inShop} --yes --from deploy-api-1773457200`, 3],
    [`${inShop} --yes --from nope`, 3],
    [`${inShop} --yes --pause --stop=gate`, 1],
    [`${inShop} --yes --also deploy/gone`, 3],
    [`${inShop} --yes --also pvc/cache`, 2],
    [`${inShop} --yes --executor=operator`, 1],
    ['restore ds/agent --in-place -n shop --yes --stop=scale', 1],
    ['restore --in-place -n shop --yes', 2],
    ['restore deploy/web deploy/api --in-place -n shop --yes', 2],
    ['restore deploy/gone --in-place -n shop --yes', 3],
    ['restore deploy/new --in-place -n shop --yes', 3],
    [`restore deploy/web --in-place -n nowhere --yes`, 3],
    [
      'restore deploy/web -n shop --stop=gate --also=deploy/api --yes-operator --pause --yes --stop-timeout=1s',
      2,
    ],
  ]);
});

test('--pause with --dry-run says where the command stops', async () => {
  const { code, err } = await world.run(`${inShop} --pause --dry-run=client`);
  assert.equal(code, 0);
  assert.match(err.replaceAll(/\s+/g, ' '), /Then exit with 7: deployment\/web has 0 replicas until you run/);
});

test('undo, volumes and forget', async () => {
  const session = await swapped();
  await compare('kept', [
    [`undo ${session} -n shop`, 2],
    [`undo ${session} -n shop`, 1, { isTTY: true, stdin: 'y\n' }],
    [`undo ${session} -n other --yes`, 3],
    [`forget ${session} -n other --yes`, 3],
    [`undo ${session} -n nowhere --yes`, 3],
    [`undo ${session} -n shop --yes --also deploy/gone`, 3],
    ['undo -n shop', 2],
    [`undo ${session} other -n shop`, 2],
    ['undo deploy/web -n shop', 2],
    ['undo backupsession/x -n shop', 2],
    ['undo none -n shop', 3],
    ['volumes deploy/gone -n shop', 0],
    ['volumes -n nowhere', 3],
    ['volumes foo -n shop', 2],
    [`forget ${session} -n shop`, 1],
    [`forget ${session} -n shop --force`, 2],
    ['forget deploy/web -n shop', 2],
  ]);
  world.standAt(90);
  assert.equal((await world.run('restore deploy/web --suffix=-r -n shop --executor=local')).code, 0);
  world.standAt(120);
  assert.equal((await world.run(`undo ${session} -n shop --yes`)).code, 0);
  const all = (await world.cluster.list(restoreSessions, { namespace: 'shop' })).items;
  const [ordinary, undo] = [
    all.find(({ metadata }) => metadata.annotations?.['stash.appscode.com/in-place'] === undefined),
    all.find(({ metadata }) => metadata.creationTimestamp.includes('03:02')),
  ].map((each) => each?.metadata.name ?? '');
  await compare('other-sessions', [
    [`undo ${ordinary} -n shop --yes`, 1],
    [`forget ${ordinary} -n shop --yes`, 1],
    [`undo ${undo} -n shop --yes`, 1],
    [`forget ${undo} -n shop --yes`, 1],
  ]);
  assert.equal((await world.run(`forget ${session} -n shop --force --yes`)).code, 0);
  await compare('given-up', [
    [`forget ${session} -n shop --force --yes`, 3],
    [`undo ${session} -n shop --yes`, 3],
  ]);
});

/** The command that stands below these words of the hint. */
function below(err: string, words: string): string {
  const lines = err.split('\n').map((line) => line.replace(/^hint: /, '').trim());
  const command = lines[lines.indexOf(words) + 1] ?? '';
  assert.match(command, /^kubectl stash /, err);
  return `${command.replace('kubectl stash ', '')} --yes`;
}

async function volumesOf(...claims: readonly string[]) {
  const all = (await world.cluster.list(persistentVolumeClaims, { namespace: 'shop' })).items;
  return all.filter(({ metadata }) => claims.includes(metadata.name)).map(({ spec }) => spec.volumeName);
}

test('a pause says how to go on and back, and both commands work', async () => {
  world.standAt(240);
  const old = await volumesOf('cache');
  const pause = 'restore deploy/api --in-place -n shop --pause --yes';
  const paused = await world.run(pause);
  assert.equal(paused.code, 7, paused.err);
  await checkAdvice(paused.err);
  matchGolden(
    'commands/wrong-turns/paused',
    paused.err.slice(paused.err.indexOf('error: ')).replaceAll(/pvc-[0-9a-f-]{36}/g, 'VOLUME'),
  );
  const incoming = await volumesOf('cache');
  assert.notDeepEqual(incoming, old);
  const on = await world.run(below(paused.err, 'to go on:'));
  assert.equal(on.code, 0, on.err);
  assert.deepEqual(await volumesOf('cache'), incoming);
  world.standAt(300);
  const again = await world.run(pause);
  assert.equal(again.code, 7, again.err);
  world.standAt(360);
  const back = await world.run(below(again.err, 'to go back:'));
  assert.equal(back.code, 0, back.err);
  assert.deepEqual(await volumesOf('cache'), incoming);
  await world.until(deployments, 'shop', 'api', (it) => it?.status?.readyReplicas === 1);
});

test('a pod that does not end: exit 7, with the node, and the commands that go on and back', async () => {
  world.standAt(420);
  const { items } = await world.cluster.list(pods, { namespace: 'shop' });
  const [pod] = items.filter(({ metadata }) => metadata.name.startsWith('agent-'));
  const at = { name: pod?.metadata.name ?? '', namespace: 'shop' };
  await world.cluster.patch(pods, at, { metadata: { finalizers: ['example.com/stays'] } });
  const old = await volumesOf('each');
  world.race();
  const stuck = await world.run('restore ds/agent --in-place -n shop --stop-timeout=1s --yes');
  assert.equal(stuck.code, 7, stuck.err);
  await checkAdvice(stuck.err);
  matchGolden(
    'commands/wrong-turns/stuck',
    stuck.err
      .slice(stuck.err.indexOf('error: '))
      .replaceAll(/(agent-)[\w-]+|-\d{10}/g, (_, name) => (name ? 'agent-POD' : '-TIME')),
  );
  await world.cluster.patch(pods, at, { metadata: { finalizers: [] } });
  const on = await world.run(below(stuck.err, 'to go on:'));
  assert.equal(on.code, 0, on.err);
  assert.notDeepEqual(await volumesOf('each'), old);
});

test('Tab proposes the sessions that have kept volumes, once each', async () => {
  world.standAt(180);
  const session = await swapped();
  for (const verb of ['undo', 'forget']) {
    const { out } = await world.run(['__complete', verb, '-n', 'shop', '']);
    const names = out.split('\n').map((line) => line.split('\t')[0]);
    assert.equal(names.filter((name) => name === session).length, 1);
  }
});
