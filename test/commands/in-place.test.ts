/** The steps to restore in place, by the user's rights and the claims' users. The tests paste the steps. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import {
  daemonSets,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { matchGolden } from '#test/support/golden.ts';
import { until } from '#test/support/until.ts';
import { stepByStep, withoutRight } from '#test/support/without-right.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, faultyClass, namespace, object, statefulSet, type Created } from './objects.ts';
import { paste } from './paste.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
});

after(() => world[Symbol.asyncDispose]());

/** A namespace with a snapshotted deployment `web` and its claim `data`. */
async function place(name: string, { replicas = 1 } = {}): Promise<void> {
  world.standAt(0);
  await world.create(namespace(name), claim(name, 'data'), deployment(name, 'web', ['data'], { replicas }));
  await world.bound(name, 'data');
  assert.equal((await world.run(`snapshot deploy/web -n ${name} ${local}`)).code, 0);
  world.standAt(60);
}

/** The same with a StatefulSet `db` that deletes the claims of removed replicas when it is scaled down. */
async function shrinking(name: string): Promise<void> {
  world.standAt(0);
  const [resource, set] = statefulSet(name, 'db', { replicas: 2 });
  const policy = { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } };
  const { spec } = set as KubernetesObject & { spec: object };
  await world.create(namespace(name), [
    resource,
    { ...set, spec: { ...spec, ...policy } } as KubernetesObject,
  ]);
  await world.bound(name, 'data-db-0', 'data-db-1');
  assert.equal((await world.run(`snapshot sts/db -n ${name} ${local}`)).code, 0);
  world.standAt(60);
}

/** Compares the refusal with the golden file, and returns the lines under `or in place`. */
async function refused(
  golden: string,
  words: string,
  options: RunOptions = { through: stepByStep },
): Promise<{ err: string; steps: string[] }> {
  const { code, err } = await world.run(`restore ${words} ${local}`, options);
  assert.equal(code, 1, err);
  await checkAdvice(err);
  matchGolden(`commands/in-place/${golden}`, withoutUids(err));
  const lines = err
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^hint:/, '').trim());
  const from = lines.findIndex((line) => line.startsWith('or in place'));
  return { err, steps: from < 0 ? [] : lines.slice(from + 1) };
}

function withoutUids(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID')
    .replace(/web-[0-9a-z]+-[0-9a-z]{5}/g, 'web-POD');
}

async function claimNamed(namespace: string, name: string) {
  return world.cluster.get(persistentVolumeClaims, name, namespace);
}

function podWith(space: string, name: string, claimName: string, more: object = {}): Created {
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName } }];
  const spec = { containers: [{ name: 'main', image: 'busybox' }], volumes, ...more };
  return [pods, object('v1', 'Pod', { metadata: { name, namespace: space }, spec })];
}

for (const verb of ['get', 'patch']) {
  test(`a user who may not ${verb} volumes is told why there are no steps in place`, async () => {
    const name = `no-${verb}`;
    await place(name);
    const { err } = await refused(`may-not-${verb}-volumes`, `deploy/web -n ${name}`, {
      through: withoutRight(verb, 'persistentvolumes'),
    });
    assert.doesNotMatch(err, /kubectl (?:delete|scale|patch)/);
  });
}

/** The refusal offers one command first, and it plans the restore in place of this target. */
async function offers(err: string, target: string): Promise<void> {
  const [, command = ''] = /^hint: in place, .*\n +kubectl stash (.*)$/m.exec(err) ?? [];
  const { code, err: plan } = await world.run(`${command} --dry-run=client`);
  assert.equal(code, 0, err + plan);
  assert.ok(plan.startsWith(`restore in place: ${target} in `), plan);
}

test('one command is offered to a user who has its rights', async () => {
  await place('offered');
  const { err, steps } = await refused('offered', `deploy/web -n offered`, {});
  assert.deepEqual(steps, []);
  await offers(err, 'deployment/web');
});

for (const [kind, resource] of [
  ['StatefulSet', statefulSets],
  ['DaemonSet', daemonSets],
  ['ReplicaSet', replicaSets],
  ['ReplicationController', replicationControllers],
  ['PersistentVolumeClaim', undefined],
] as const) {
  test(`the same command is offered for a ${kind}`, async () => {
    const space = kind.toLowerCase();
    world.standAt(0);
    await world.create(namespace(space), claim(space, 'data'));
    await world.bound(space, 'data');
    if (resource) {
      await world.create([resource, workload(space, kind)]);
      await until(world.cluster, pods, { namespace: space }, ([pod]) => pod?.spec.nodeName !== undefined);
    }
    const target = resource ? `${space}/web` : 'pvc/data';
    assert.equal((await world.run(`snapshot ${target} -n ${space} ${local}`)).code, 0);
    world.standAt(60);
    const { code, err } = await world.run(`restore ${target} -n ${space}`);
    assert.equal(code, 1, err);
    await offers(err, resource ? target : 'persistentvolumeclaim/data');
  });
}

/** It mounts claim `data`. */
function workload(space: string, kind: string): KubernetesObject {
  const labels = { app: 'web' };
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'main', image: 'busybox' }], volumes },
  };
  const isMap = kind === 'ReplicationController';
  const spec = { selector: isMap ? labels : { matchLabels: labels }, template };
  const replicas = kind === 'DaemonSet' ? {} : { replicas: 1 };
  const more = kind === 'StatefulSet' ? { serviceName: 'web' } : {};
  return object(isMap ? 'v1' : 'apps/v1', kind, {
    metadata: { name: 'web', namespace: space },
    spec: { ...spec, ...replicas, ...more },
  });
}

test('a volume with reclaim policy Retain needs no right and no step', async () => {
  await place('retained');
  const { spec, metadata } = await claimNamed('retained', 'data');
  await world.cluster.patch(
    persistentVolumes,
    { name: spec.volumeName ?? '' },
    { spec: { persistentVolumeReclaimPolicy: 'Retain' } },
  );
  const { steps } = await refused('retained', 'deploy/web -n retained', {
    through: withoutRight('patch', 'persistentvolumes'),
  });
  await paste(world, steps);
  assert.notEqual((await claimNamed('retained', 'data')).metadata.uid, metadata.uid);
  const volume = await world.cluster.get(persistentVolumes, spec.volumeName ?? '');
  assert.equal(volume.spec.persistentVolumeReclaimPolicy, 'Retain');
});

test('one claim of a StatefulSet that deletes claims when it is scaled down', async () => {
  await shrinking('shrinks');
  const other = await claimNamed('shrinks', 'data-db-0');
  const old = await claimNamed('shrinks', 'data-db-1');
  const { steps } = await refused('when-scaled', 'sts/db --only=data-db-1 -n shrinks');
  await paste(world, steps);
  await world.until(statefulSets, 'shrinks', 'db', (it) => it?.status?.readyReplicas === 2);
  assert.equal((await claimNamed('shrinks', 'data-db-0')).metadata.uid, other.metadata.uid);
  const restored = await claimNamed('shrinks', 'data-db-1');
  assert.notEqual(restored.metadata.uid, old.metadata.uid);
  assert.equal(restored.spec.dataSource?.name, 'data-db-1-1773457200');
  const set = await world.cluster.get(statefulSets, 'db', 'shrinks');
  assert.equal(set.spec.replicas, 2);
  assert.equal(set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled, 'Delete');
  const kept = await world.cluster.get(persistentVolumes, old.spec.volumeName ?? '');
  assert.equal(kept.spec.persistentVolumeReclaimPolicy, 'Retain');
});

test('a user who may not patch such a StatefulSet is not told to scale it', async () => {
  await shrinking('fixed');
  const { err } = await refused('may-not-patch-statefulsets', 'sts/db -n fixed', {
    through: withoutRight('patch', 'statefulsets'),
  });
  assert.doesNotMatch(err, /kubectl (?:delete|scale|patch)/);
});

test('a missing claim that its controller would create empty, of a StatefulSet that deletes claims when it is scaled down', async () => {
  const space = 'raced';
  await shrinking(space);
  const at = { name: 'db', namespace: space };
  // A finalizer keeps the first pod terminating, so the controller does nothing for the second replica.
  await world.cluster.patch(statefulSets, at, {
    spec: { replicas: 1, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain' } },
  });
  await world.until(pods, space, 'db-1', (it) => it === undefined);
  const first = { name: 'db-0', namespace: space };
  await world.cluster.patch(pods, first, { metadata: { finalizers: ['example.com/hold'] } });
  await world.cluster.delete(pods, first);
  await world.cluster.delete(persistentVolumeClaims, { name: 'data-db-1', namespace: space });
  await world.until(persistentVolumeClaims, space, 'data-db-1', (it) => it === undefined);
  await world.cluster.patch(statefulSets, at, {
    spec: { replicas: 2, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
  });
  const other = await claimNamed(space, 'data-db-0');

  const words = `sts/db --only=data-db-1 -n ${space}`;
  const may = await refused('race-may-not-patch', words, { through: withoutRight('patch', 'statefulsets') });
  assert.doesNotMatch(may.err, /kubectl (?:delete|scale|patch)/);
  const { err } = await refused('race', words);
  await paste(
    world,
    err
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/^hint:/, '').trim()),
  );
  await world.cluster.patch(pods, first, { metadata: { finalizers: [] } });
  await world.until(statefulSets, space, 'db', (it) => it?.status?.readyReplicas === 2);
  assert.equal((await claimNamed(space, 'data-db-1')).spec.dataSource?.name, 'data-db-1-1773457200');
  assert.equal((await claimNamed(space, 'data-db-0')).metadata.uid, other.metadata.uid);
  const set = await world.cluster.get(statefulSets, 'db', space);
  assert.equal(set.spec.replicas, 2);
  assert.equal(set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled, 'Delete');
});

test('other users of the claim are named: a pod of another workload, a finished pod, a snapshot that is not ready', async () => {
  const space = 'held';
  await place(space);
  // The kubelet is gone, so the last status stays.
  await world.create(
    podWith(space, 'report', 'data'),
    podWith(space, 'ended', 'data', { nodeName: 'node-of-yore' }),
  );
  await world.cluster.patch(
    pods,
    { name: 'ended', namespace: space },
    { status: { phase: 'Succeeded' } },
    { subresource: 'status' },
  );
  const snapshot = (name: string, volumeSnapshotClassName: string): Created => [
    volumeSnapshots,
    object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', {
      metadata: { name, namespace: space },
      spec: { source: { persistentVolumeClaimName: 'data' }, volumeSnapshotClassName },
    }),
  ];
  await world.create(faultyClass('never-ready'), snapshot('cut', 'never-ready'));
  const others = await refused('held-by-other-pod', `deploy/web -n ${space}`);
  assert.deepEqual(others.steps, []);
  await world.cluster.delete(pods, { name: 'report', namespace: space });
  await world.until(pods, space, 'report', (it) => it === undefined);
  await refused('held', `deploy/web -n ${space}`);

  await world.create(snapshot('failing', 'none-of-that-name'));
  await world.until(volumeSnapshots, space, 'failing', (it) => it?.status?.error !== undefined);
  const { steps } = await refused('held-by-failing-snapshot', `deploy/web -n ${space}`);
  assert.deepEqual(steps, []);
});
