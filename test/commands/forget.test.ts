/** The volumes that restores in place keep: `volumes` lists them, and `forget` gives them up. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation, label } from '#src/api/labels.ts';
import { events, persistentVolumeClaims, persistentVolumes, restoreSessions } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { formatRecord, type InPlaceRecord } from '#src/domain/in-place/record.ts';
import { targetAnnotation } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { matchGolden } from '#test/support/golden.ts';
import { keep, mark, reserve, volumeNamed, type Keep } from '#test/support/kept.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, namespace, object } from './objects.ts';
import { paste } from './paste.ts';
import { withoutRight } from './rights.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
});

after(() => world[Symbol.asyncDispose]());

/** A namespace with these claims, bound. */
async function place(name: string, ...claims: readonly string[]): Promise<void> {
  world.standAt(0);
  await world.create(namespace(name), ...claims.map((each) => claim(name, each)));
  await world.bound(name, ...claims);
}

/** Volumes kept of session `swap` a minute after the start; it is an hour later now. By claim. */
async function kept(space: string, claims: readonly string[], more: Partial<Keep> = {}) {
  await place(space, ...claims);
  const volumes: string[] = [];
  for (const each of claims)
    volumes.push(await keep(world.cluster, { namespace: space, claim: each, session: 'swap', ...more }));
  world.standAt(3660);
  return volumes;
}

async function prints(golden: string, words: string, code = 0, options: RunOptions = {}): Promise<string> {
  const ran = await world.run(words, options);
  assert.equal(ran.code, code, ran.err);
  if (code !== 0 && options.isTTY !== true) await checkAdvice(ran.err);
  matchGolden(`commands/kept/${golden}`, withoutIds(`${ran.out}--- stderr\n${ran.err}`));
  return ran.err;
}

async function refuses(golden: string, words: string, code = 1, options: RunOptions = {}): Promise<string> {
  const before = await state();
  const err = await prints(golden, words, code, options);
  assert.deepEqual(await state(), before);
  return err;
}

async function state() {
  const { items } = await world.cluster.list(persistentVolumes);
  return items.map(({ metadata: { name, labels, annotations }, spec }) => ({
    name,
    labels,
    annotations,
    spec,
  }));
}

const withoutIds = (text: string) => text.replaceAll(/pvc-[0-9a-f-]{36}/g, 'VOLUME');

async function gone(name: string): Promise<boolean> {
  return (await volumeNamed(world.cluster, name)) === undefined;
}

async function session(
  space: string,
  name: string,
  record: Partial<InPlaceRecord>,
  phase: string,
): Promise<void> {
  const whole: InPlaceRecord = {
    ...{ v: 1, method: 'swap', stop: 'gate', volumesOf: name },
    claims: [{ name: 'data', uid: 'uid', volume: 'pv' }],
    ...record,
  };
  await world.create([
    restoreSessions,
    object('stash.appscode.com/v1beta1', 'RestoreSession', {
      metadata: {
        name,
        namespace: space,
        annotations: {
          ...targetAnnotation({ kind: 'Deployment', name: 'web', namespace: space }),
          [annotation.inPlace]: formatRecord(whole),
        },
      },
      spec: { driver: 'VolumeSnapshotter' },
    }),
  ]);
  const at = { name, namespace: space };
  await world.cluster.patch(restoreSessions, at, { status: { phase } }, { subresource: 'status' });
}

test('volumes lists what is kept and left over, and how to go on', async () => {
  await kept('listed', ['data', 'logs']);
  await place('listed-other', 'data', 'left', 'taken', 'mine');
  const other = {
    namespace: 'listed-other',
    target: { kind: 'PersistentVolumeClaim', name: 'data' },
  } as const;
  await keep(world.cluster, {
    ...other,
    claim: 'data',
    session: 'later',
    since: '2026-03-14T03:30:00Z',
    policy: 'Retain',
  });
  await keep(world.cluster, { ...other, claim: 'left', session: 'later', role: 'incoming' });
  await keep(world.cluster, { ...other, claim: 'taken', session: 'running', role: 'incoming' });
  await session('listed-other', 'again', { volumesOf: 'running' }, 'Running');
  // Its annotation names a namespace that it does not belong to.
  const foreign = await mark(world.cluster, { ...other, claim: 'mine', session: 'swap' });
  const annotations = (await volumeNamed(world.cluster, foreign))?.metadata.annotations ?? {};
  const forged = annotations[annotation.swap]?.replace('"listed-other"', '"listed"');
  await world.cluster.patch(
    persistentVolumes,
    { name: foreign },
    { metadata: { annotations: { [annotation.swap]: forged } } },
  );
  world.standAt(3660);

  await prints('list', 'volumes -n listed');
  await prints('list-of-workload', 'volumes deploy/web -n listed --no-headers');
  await prints('list-of-claim', 'volumes pvc/logs -n listed -o name');
  await prints('list-left-over', 'volumes -n listed-other -o wide');
  await prints('list-all-namespaces', 'volumes -A');
  await prints('list-json', 'volumes -n listed-other -o json');
  await prints('list-columns', 'volumes sts -A -o custom-columns=NAME:.metadata.name');
  for (const command of ['forget', 'undo']) {
    const { out } = await world.run(['__complete', command, '-n', 'listed-other', '']);
    assert.equal(out, 'later\nrunning\n:4\n');
  }
  await prints('list-none', 'volumes sts/db -n listed');
  await prints('list-no-namespace', 'volumes -n nowhere', 3);
});

test('the restore points that were cut from a volume are counted, and keep it from being given up', async () => {
  const space = 'cut';
  await place(space, 'data', 'logs');
  await world.create(deployment(space, 'web', ['data', 'logs'], { replicas: 0 }));
  assert.equal((await world.run(`snapshot deploy/web -n ${space} ${local}`)).code, 0);
  const volume = await keep(world.cluster, { namespace: space, claim: 'data', session: 'swap' });
  world.standAt(3660);
  await world.create(claim(space, 'data'));
  await world.bound(space, 'data');
  await prints('cut-wide', `volumes -n ${space} -o wide`);
  await refuses('cut-last', `forget swap -n ${space} --yes`);

  assert.equal((await world.run(`snapshot deploy/web -n ${space} ${local}`)).code, 0);
  await refuses('cut', `forget swap -n ${space} --yes`);
  await prints('cut-forced', `forget swap -n ${space} --yes --force`);
  assert.ok(await gone(volume));
});

test('a volume gets its policy back and is gone, whether Released or reserved', async () => {
  const space = 'given-up';
  const volumes = await kept(space, ['data', 'logs'], { session: 'one-only' });
  await reserve(world.cluster, volumes[1] ?? '', 'logs');
  await prints('dry-run-client', `forget one-only -n ${space} --dry-run=client`);
  await prints('dry-run-server', `forget restoresession/one-only -n ${space} --dry-run=server`);
  for (const name of volumes)
    assert.ok((await volumeNamed(world.cluster, name))?.metadata.labels?.[label.restoreSession]);
  await prints('deleted', `forget one-only -n ${space} --yes`);
  for (const name of volumes) assert.ok(await gone(name));
  await prints('nothing-left', `forget one-only -n ${space} --yes`, 3);
  await prints('no-namespace', 'forget swap -n nowhere --yes', 3);
});

test('with policy Retain the volume stays, and the printed command deletes it', async () => {
  const space = 'retained';
  const [volume = ''] = await kept(space, ['data'], { policy: 'Retain' });
  const err = await prints('stays', `forget swap -n ${space} --yes`);
  const left = await volumeNamed(world.cluster, volume);
  assert.equal(left?.spec.persistentVolumeReclaimPolicy, 'Retain');
  assert.equal(left.metadata.annotations?.[annotation.swap], undefined);
  assert.equal(left.metadata.labels?.[label.restoreSession], undefined);
  await paste(
    world,
    err.split('\n').filter((line) => line.startsWith('kubectl ')),
  );
  await world.until(persistentVolumes, undefined, volume, (it) => it === undefined);
});

test('the user is asked, and may say no', async () => {
  const space = 'asked';
  const [volume = ''] = await kept(space, ['data']);
  await refuses('no-terminal', `forget swap -n ${space}`, 2);
  await refuses('answered-no', `forget swap -n ${space}`, 1, { isTTY: true, stdin: 'n\n' });
  await prints('answered-yes', `forget swap -n ${space}`, 0, { isTTY: true, stdin: 'y\n' });
  assert.ok(await gone(volume));
});

test('what is not given up', async () => {
  const space = 'refused';
  await kept(space, ['data']);
  await session(space, 'undo-of-it', { volumesOf: 'swap' }, 'Running');
  await refuses('unfinished', `forget swap -n ${space} --yes --force`);
  const at = { name: 'undo-of-it', namespace: space };
  await world.cluster.patch(restoreSessions, at, { status: { phase: 'Failed' } }, { subresource: 'status' });
  await session(space, 'swap', {}, 'Pending');
  await refuses('unfinished-itself', `forget swap -n ${space} --yes --force`);

  await place('used', 'data');
  const volume = await mark(world.cluster, { namespace: 'used', claim: 'data', session: 'swap' });
  const err = await refuses('in-use', 'forget swap -n used --yes --force');
  await paste(
    world,
    err.split('\n').flatMap((line) => line.match(/kubectl patch .*/) ?? []),
  );
  const released = await volumeNamed(world.cluster, volume);
  assert.equal(released?.spec.persistentVolumeReclaimPolicy, 'Delete');
  assert.equal(released.metadata.labels?.[label.restoreSession], undefined);

  await kept('no-right', ['data']);
  const lacking = { through: withoutRight('patch', '', 'persistentvolumes') };
  await refuses('lacks-right', 'forget swap -n no-right --yes', 1, lacking);
  await refuses('two-sessions', 'forget swap other', 2);
});

test('an interrupted command is repeated, and goes on with the volumes that are left', async () => {
  const space = 'again';
  const volumes = await kept(space, ['data', 'logs']);
  await reserve(world.cluster, volumes[0] ?? '', 'data');
  for (const writes of [0, 1, 2]) {
    await world.run(`forget swap -n ${space} --yes`, { through: afterWrites(writes), hints: false });
  }
  const { code, err } = await world.run(`forget swap -n ${space} --yes`);
  assert.ok(code === 0 || code === 3, err);
  for (const name of volumes) await world.until(persistentVolumes, undefined, name, (it) => it === undefined);
});

/** A server that answers so many patches, and then none. */
function afterWrites(count: number): (cluster: Cluster) => Cluster {
  let left = count;
  return (cluster) => ({
    ...cluster,
    patch: (...args) =>
      left-- > 0
        ? cluster.patch(...args)
        : Promise.reject(new StashError('unreachable', 'the server is gone')),
  });
}

test('a volume that a claim or another command takes meanwhile is not given up', async () => {
  const space = 'raced';
  const [reserved = '', other = ''] = await kept(space, ['data', 'logs']);
  await reserve(world.cluster, reserved, 'data');
  const claimed = async () => {
    await world.create(claim(space, 'data'));
    await world.bound(space, 'data');
    const taken = (await volumeNamed(world.cluster, other))?.metadata.annotations?.[annotation.swap]?.replace(
      'kept',
      'incoming',
    );
    await world.cluster.patch(
      persistentVolumes,
      { name: other },
      { metadata: { annotations: { [annotation.swap]: taken } } },
    );
  };
  let first: Promise<void> | undefined;
  const through = (cluster: Cluster): Cluster => ({
    ...cluster,
    patch: async (...args) => {
      first ??= claimed();
      await first;
      return cluster.patch(...args);
    },
  });
  world.race();
  await prints('raced', `forget swap -n ${space} --yes --timeout=20s`, 1, { through });
  const { spec } = await world.cluster.get(persistentVolumeClaims, 'data', space);
  assert.equal(spec.volumeName, reserved);
  for (const name of [reserved, other])
    assert.equal((await volumeNamed(world.cluster, name))?.spec.persistentVolumeReclaimPolicy, 'Retain');
});

test("where the driver keeps the volume, the command tells the driver's words", async () => {
  const space = 'held';
  const [volume = ''] = await kept(space, ['data']);
  const stored = await volumeNamed(world.cluster, volume);
  await world.cluster.patch(
    persistentVolumes,
    { name: volume },
    { metadata: { finalizers: ['example.com/hold'] } },
  );
  await world.create([
    events,
    object('v1', 'Event', {
      metadata: { name: 'held', namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'PersistentVolume', name: volume, uid: stored?.metadata.uid },
      ...{ type: 'Warning', reason: 'VolumeFailedDelete' },
      message: 'rpc error: code = FailedPrecondition desc = the volume has snapshots',
    }),
  ]);
  world.race();
  await prints('held', `forget swap -n ${space} --yes --timeout=20s`, 5);
  await world.cluster.patch(persistentVolumes, { name: volume }, { metadata: { finalizers: null } });
  await world.until(persistentVolumes, undefined, volume, (it) => it === undefined);
});
