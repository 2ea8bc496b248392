/** `snapshot` with `--keep` flags. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import { annotation } from '#src/api/labels.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { matchGolden } from '#test/support/golden.ts';
import { until } from '#test/support/until.ts';

import { checkAdvice } from './advice.ts';
import { claim, configuration, deployment, namespace } from './objects.ts';
import { withoutRight } from './rights.ts';
import { settled } from './settled.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(
    namespace(demo),
    ...['data', 'logs', 'cache', 'own', 'twice'].map((name) => claim(demo, name)),
    deployment(demo, 'web', ['data', 'logs'], { replicas: 0 }),
    deployment(demo, 'cache', ['cache'], { replicas: 0 }),
    deployment(demo, 'own', ['own'], { replicas: 0 }),
    configuration(
      demo,
      'nightly',
      { kind: 'Deployment', name: 'own' },
      { retentionPolicy: { name: 'keep-two', prune: true, keepLast: 2 } },
    ),
  );
  await world.bound(demo, 'data', 'logs', 'cache', 'own', 'twice');
});

after(() => world[Symbol.asyncDispose]());

let second = 0;

/** A minute after the previous run. */
async function run(words: string, options?: RunOptions) {
  second += 60;
  world.standAt(second);
  const ran = await world.run(words, options);
  // The driver deletes snapshots with a delay.
  await until(world.cluster, volumeSnapshots, { namespace: demo }, (all) =>
    all.every(({ metadata }) => metadata.deletionTimestamp === undefined),
  );
  return ran;
}

async function snapshotsLeft(): Promise<string[]> {
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: demo });
  return items.map(({ metadata }) => metadata.name).sort();
}

async function policyOf(name: string) {
  return (await world.cluster.get(backupConfigurations, name, demo)).spec.retentionPolicy;
}

test('the policy is applied, but not stored in a new configuration', async () => {
  for (let taken = 0; taken < 2; taken += 1)
    assert.equal((await run(`snapshot deploy/web ${local} --keep-last 2`)).code, 0);
  const { code, out, err } = await run(`snapshot deploy/web ${local} --keep-last 2`);
  assert.equal(code, 0);
  matchGolden('commands/snapshot/keep-fresh', `${out}--- stderr\n${settled(err)}`);
  assert.deepEqual(await policyOf('deploy-web'), { name: 'keep-all', prune: false });
  assert.equal((await snapshotsLeft()).length, 4);
});

test('it is applied, but not stored, under an existing configuration', async () => {
  const stored = await policyOf('deploy-web');
  const { code, out, err } = await run(`snapshot deploy/web ${local} --keep-last 1 --keep-yearly 1`);
  assert.equal(code, 0);
  matchGolden('commands/snapshot/keep-existing', `${out}--- stderr\n${settled(err)}`);
  assert.deepEqual(await policyOf('deploy-web'), stored);
  assert.equal((await snapshotsLeft()).length, 2);
});

/** Takes a snapshot of deploy/own as a run of its schedule does. */
async function scheduledRun() {
  world.standAt((second += 60));
  assert.equal((await world.run('operator create-backupsession --invoker-name nightly')).code, 0);
  const ran = await run(`snapshot deploy/own ${local}`);
  assert.equal(ran.code, 0);
  return ran;
}

async function pointsOf(maker: 'schedule' | 'user'): Promise<string[]> {
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: demo });
  return items
    .filter(({ spec }) => spec.source.persistentVolumeClaimName === 'own')
    .filter(({ metadata }) => metadata.annotations?.[annotation.madeBy]?.startsWith(maker))
    .map(({ metadata }) => metadata.name)
    .sort();
}

test("a schedule's runs follow its policy, and a snapshot by hand deletes nothing", async () => {
  for (let taken = 0; taken < 3; taken += 1)
    assert.equal((await run(`snapshot deploy/own ${local}`)).code, 0);
  assert.equal((await pointsOf('user')).length, 3);
  for (let taken = 0; taken < 2; taken += 1) await scheduledRun();
  const scheduled = await pointsOf('schedule');
  assert.equal(scheduled.length, 2);
  const { out, err } = await scheduledRun();
  matchGolden('commands/snapshot/keep-configured', `${out}--- stderr\n${settled(err)}`);
  assert.deepEqual((await pointsOf('schedule')).slice(0, 1), scheduled.slice(1));
  assert.equal((await pointsOf('schedule')).length, 2);
  assert.equal((await pointsOf('user')).length, 3);
  // Nor do many of them push out what the schedule made, and a policy given by hand leaves it alone.
  assert.equal((await run(`snapshot deploy/own ${local} --keep-last 1`)).code, 0);
  assert.equal((await pointsOf('user')).length, 1);
  assert.equal((await pointsOf('schedule')).length, 2);
});

for (const mode of ['client', 'server'] as const) {
  test(`--dry-run=${mode} prints what the policy would delete, and changes nothing`, async () => {
    const before = await world.census();
    const first = await run(`snapshot deploy/own deploy/web ${local} --keep-last 1 --dry-run=${mode}`);
    assert.deepEqual([first.code, first.err], [0, '']);
    matchGolden(`commands/snapshot/keep-dry-run-${mode}`, first.out);
    const own = await run(`snapshot deploy/own ${local} --dry-run=${mode} -o name`);
    assert.deepEqual(own.code, 0);
    matchGolden(`commands/snapshot/keep-dry-run-${mode}-names`, `${own.out}--- stderr\n${own.err}`);
    assert.deepEqual(await world.census(), before);
  });
}

test('a dry run prints what the real run deletes', async () => {
  const words = `snapshot deploy/own ${local} --keep-last 1`;
  const told = (await run(`${words} --dry-run=client`)).out;
  const before = await snapshotsLeft();
  assert.equal((await run(words)).code, 0);
  const left = new Set(await snapshotsLeft());
  const gone = before.filter((name) => !left.has(name));
  assert.ok(gone.length > 0);
  const foretold = [...told.matchAll(/^volumesnapshot\S+\/(\S+) would be deleted/gm)].map(([, name]) => name);
  assert.deepEqual(foretold.sort(), gone);
});

test('if the session fails, nothing is deleted', async () => {
  const before = await snapshotsLeft();
  world.sandbox.faults.inject({
    verb: 'create',
    plural: 'volumesnapshots',
    effect: { kind: 'fail', code: 403, reason: 'Forbidden', message: 'no' },
  });
  const { code, err } = await run(`snapshot deploy/web ${local} --keep-last 1`);
  world.sandbox.faults.clear();
  assert.equal(code, 4);
  assert.match(
    err,
    /^note: keep-last-1 is not applied, since the session did not succeed: nothing is deleted$/m,
  );
  const left = new Set(await snapshotsLeft());
  assert.deepEqual(
    before.filter((name) => !left.has(name)),
    [],
  );
});

test('an error in the deletion is reported, and the snapshot is taken', async () => {
  const before = await snapshotsLeft();
  world.sandbox.faults.inject({
    verb: 'delete',
    plural: 'volumesnapshots',
    times: 99,
    effect: { kind: 'fail', code: 422, reason: 'Invalid', message: 'a webhook says no' },
  });
  const { code, out, err } = await run(`snapshot deploy/own ${local} --keep-last 1`);
  world.sandbox.faults.clear();
  assert.equal(code, 0, err);
  assert.match(out, /^deployment\/own snapshotted/);
  assert.match(err, /^note: keep-last-1: .*a webhook says no$/m);
  assert.equal((await snapshotsLeft()).length, before.length + 1);
});

const refused: (RunOptions & { name: string; words: string; code: number })[] = [
  { name: 'keep-none', words: `snapshot deploy/web ${local} --keep-last 0`, code: 2 },
  { name: 'keep-without-wait', words: 'snapshot deploy/web --wait=false --keep-last 1', code: 2 },
  {
    name: 'keep-lacks-delete',
    words: `snapshot deploy/web ${local} --keep-last 1`,
    code: 1,
    through: withoutRight('delete'),
  },
  {
    name: 'keep-appscode',
    words: 'snapshot deploy/cache --keep-last 1',
    code: 1,
    through: (cluster: Cluster) => ({
      ...cluster,
      groups: async () => [...(await cluster.groups()), 'admission.stash.appscode.com'],
    }),
  },
];

for (const { name, words, code, ...options } of refused) {
  test(`refuses: ${name}`, async () => {
    const before = await world.census();
    const { code: exit, out, err } = await run(words, options);
    assert.deepEqual([exit, out], [code, ''], err);
    await checkAdvice(err);
    matchGolden(`commands/snapshot/${name}`, err);
    assert.deepEqual(await world.census(), before);
  });
}
