/** What all other commands do about an unfinished restore in place. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { stashCondition } from '#src/api/conditions.ts';
import { restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { inPlaceSession, type InPlaceChanges } from '#test/domain/in-place/in-place-session.ts';

import { claim, configuration, deployment, namespace } from './objects.ts';
import { startWorld, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
const swap = { name: 'swap', namespace: demo };
const web: Target = { kind: 'Deployment', name: 'web', namespace: demo };
const snapshot = 'data-1773457200';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(
    namespace(demo),
    ...['data', 'other'].map((name) => claim(demo, name)),
    deployment(demo, 'web', ['data'], { replicas: 0 }),
    deployment(demo, 'app', ['other'], { replicas: 0 }),
    configuration(demo, 'nightly', { kind: 'Deployment', name: 'web' }),
    configuration(demo, 'hourly', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data' }),
  );
  await world.bound(demo, 'data', 'other');
  const { code, err } = await world.run(`snapshot deploy/web ${local}`);
  assert.equal(code, 0, err);
  world.standAt(3_600);
});

after(() => world[Symbol.asyncDispose]());

afterEach(() => world.cluster.delete(restoreSessions, swap).catch(() => undefined));

/** The restore in place of deployment/web. */
async function begun(
  changes: InPlaceChanges = {},
  templates?: RestoreSession['spec']['target'],
): Promise<void> {
  const { status, spec, ...session } = inPlaceSession({
    ...{ target: web, snapshot, holder: 'cli-1 4' },
    ...changes,
    record: { volumesOf: swap.name, ...changes.record },
    metadata: { ...swap, ...changes.metadata },
  });
  const wanted: RestoreSession = { ...session, spec: { ...spec, ...(templates && { target: templates }) } };
  await world.create([restoreSessions, wanted]);
  await write(status);
}

const write = (status: RestoreSession['status']) =>
  world.cluster.patch(restoreSessions, swap, { status }, { subresource: 'status' });

const { restoreCompleted, restoreNotCompleted } = stashCondition;
const lastTransitionTime = '2026-03-14T04:00:00Z';
const succeeded: RestoreSession['status'] = {
  phase: 'Succeeded',
  conditions: [{ ...restoreCompleted, lastTransitionTime }],
};
const failed: RestoreSession['status'] = {
  phase: 'Failed',
  conditions: [{ ...restoreNotCompleted, message: 'claim data is bound to pv-1', lastTransitionTime }],
};

const ways = [
  'hint: to go on:',
  '      kubectl stash restore deployment/web --in-place -n demo --from point',
  '      to go back:',
  '      kubectl stash undo swap -n demo',
];

async function refuses(words: string, ...lines: readonly string[]): Promise<void> {
  const before = await world.census();
  const { code, out, err } = await world.run(words);
  assert.deepEqual([code, out], [1, ''], err);
  assert.equal(err, `${lines.join('\n')}\n`);
  assert.deepEqual(await world.census(), before);
}

test('snapshot and trigger refuse before the first write, and name the ways on', async () => {
  await begun();
  const why = 'error: deployment/web: restoresession/swap swaps its claims, and is unfinished';
  for (const words of [
    `snapshot deploy/web ${local}`,
    'snapshot deploy/web --executor=operator --wait=false',
    'snapshot deploy/web --dry-run=client',
    'trigger deploy/web',
    'trigger nightly --wait=false',
  ])
    await refuses(words, why, ...ways);
});

test('snapshot and trigger refuse a claim that is swapped, too', async () => {
  await begun({ record: { claims: [{ name: 'data', uid: 'u', volume: 'pv-old' }] } });
  const why = 'error: persistentvolumeclaim/data: restoresession/swap swaps its claims, and is unfinished';
  for (const words of [`snapshot pvc/data ${local}`, 'trigger pvc/data']) await refuses(words, why, ...ways);
});

test('snapshot refuses after AppsCode has bound the new claims, and not once it has ended', async () => {
  await begun({ phase: 'Succeeded' });
  const run = () => world.run(`snapshot deploy/web ${local} --dry-run=client`);
  assert.equal((await run()).code, 1);
  await write(succeeded);
  assert.equal((await run()).code, 0);
});

test('a snapshot of another workload, or by a user who may not list restores, is taken', async () => {
  await begun();
  const other = await world.run(`snapshot deploy/app ${local} --dry-run=client`);
  assert.equal(other.code, 0, other.err);
  const through = (cluster: Cluster): Cluster => ({
    ...cluster,
    list: (resource, scope) =>
      resource.plural === restoreSessions.plural
        ? Promise.reject(new StashError('forbidden', 'no', { hint: 'ask' }))
        : cluster.list(resource, scope),
  });
  const blind = await world.run(`snapshot deploy/web ${local} --dry-run=client`, { through });
  assert.equal(blind.code, 0, blind.err);
});

test('restore begins a session of its own beside one in place of the same claims', async () => {
  const words = 'restore deploy/web --suffix -beside';
  const { out } = await world.run(`${words} --dry-run=client -o json`);
  const { items } = JSON.parse(out) as { items: RestoreSession[] };
  const same = items.find(({ kind }) => kind === 'RestoreSession');
  assert.ok(same);
  await begun({ metadata: { annotations: same.metadata.annotations ?? {} } }, same.spec.target);
  const before = await world.cluster.get(restoreSessions, swap.name, demo);
  const ran = await world.run(`${words} ${local}`);
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(await world.cluster.get(restoreSessions, swap.name, demo), before);
  const sessions = (await world.cluster.list(restoreSessions, { namespace: demo })).items;
  const own = sessions.filter(({ metadata }) => metadata.name !== swap.name);
  assert.deepEqual(
    own.map(({ status }) => status?.phase),
    ['Succeeded'],
  );
});

test('restore refuses the claims that are swapped, rather than print how to delete them', async () => {
  const claims = [{ name: 'data', uid: 'u', volume: 'pv-old' }];
  await begun({ record: { claims } });
  const why = 'error: restoresession/swap swaps claim data, and is unfinished';
  await refuses('restore deploy/web', why, ...ways);
  await refuses('restore deploy/web --dry-run=client', why, ...ways);
});

test('a file cannot begin a restore in place', async () => {
  const files = { 'swap.json': JSON.stringify({ ...inPlaceSession({ target: web }), status: undefined }) };
  const { code, err } = await world.run('restore -f swap.json', { files });
  assert.equal(code, 2, err);
  assert.match(err, /annotation stash\.appscode\.com\/in-place is for restores in place only/);
});

test('no Job carries it out', async () => {
  await begun();
  await refuses(
    'operator restore-vs --restoresession swap',
    'error: restoresession/swap restores in place: no Job carries it out',
    ...ways,
  );
});

test('wait takes it for running until its own end is written, and tells how it ended', async () => {
  await begun({ phase: 'Succeeded', conditions: ['claimsStaged'] });
  const running = await world.run('wait deploy/web', { signal: AbortSignal.abort() });
  assert.equal(running.code, 130, running.err);
  assert.match(running.err, /^restoresession\/swap is the running session of deployment\/web$/m);
  const waiting = world.run('wait restoresession/swap');
  await write(succeeded);
  const ended = await waiting;
  assert.equal(ended.code, 0, ended.err);
  assert.match(
    ended.out,
    /^deployment\/web restored: its claim has the restored data: data-db-0 \(restoresession\/swap/,
  );
  await write(failed);
  const other = await world.run('wait restoresession/swap');
  assert.equal(other.code, 4);
  assert.match(other.err, /^error: restoresession\/swap failed: claim data is bound to pv-1$/m);
});

test('wait names the command that goes on where its command line is dead', async () => {
  await begun({ record: { stopping: true } });
  world.race();
  const { code, err } = await world.run('wait restoresession/swap --timeout 60s');
  world.standAt(3_600);
  assert.equal(code, 5, err);
  assert.match(
    err,
    /cli-1 has shown no sign of life for 30s; to go on: kubectl stash restore deployment\/web --in-place -n demo --from point/,
  );
});

test('delete refuses the session and its snapshots without --force', async () => {
  await begun();
  await refuses(
    'delete restoresession/swap --yes',
    'error: restoresession/swap restores in place and is unfinished, carried out by cli-1: without it, the workload may stay stopped',
    ...ways,
    '      or add --force',
  );
  const { code, err } = await world.run(`delete vs/${snapshot} --yes`);
  assert.equal(code, 1);
  assert.match(
    err,
    new RegExp(`restoresession/swap is still being restored from volumesnapshot ${snapshot}`),
  );
  assert.equal((await world.run('delete restoresession/swap --yes --force')).code, 0);
});

test('retention keeps what an unfinished restore needs, in place or not', async () => {
  const keepOne = async (second: number) => {
    world.standAt(second);
    const ran = await world.run(`snapshot deploy/web ${local} --keep-last 1`);
    assert.equal(ran.code, 0, ran.err);
    return ran.out + ran.err;
  };
  // The restore in place is of another workload: it restores a snapshot of this one.
  await begun({ target: { ...web, name: 'app' } });
  assert.match(await keepOne(4_000), /nothing to delete/);
  await world.cluster.delete(restoreSessions, swap);
  const { spec, ...session } = inPlaceSession({ snapshot });
  const ordinary: RestoreSession = { ...session, metadata: swap, spec };
  await world.create([restoreSessions, ordinary]);
  await keepOne(5_000);
  const kept = await world.cluster.get(volumeSnapshots, snapshot, demo);
  assert.equal(kept.metadata.deletionTimestamp, undefined);
  await write({ phase: 'Failed' });
  await keepOne(6_000);
  await world.until(volumeSnapshots, demo, snapshot, (it) => it === undefined);
});
