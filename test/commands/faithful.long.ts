/** A claim restored under its own name keeps all metadata; a copy under another name keeps no owner's metadata. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { PersistentVolumeClaim } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { readSourceClaim } from '#src/domain/restore-points/source-claim.ts';
import { StashError } from '#src/errors.ts';

import { namespace, object } from './objects.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
});

after(() => world[Symbol.asyncDispose]());

const labels = { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'wiki', tier: 'data' };
const annotations = {
  'meta.helm.sh/release-name': 'wiki',
  'meta.helm.sh/release-namespace': 'h1',
  'helm.sh/resource-policy': 'keep',
  note: 'mine',
};

async function wiki(space: string, more: Record<string, string> = {}): Promise<PersistentVolumeClaim> {
  world.standAt(0);
  const claim = object('v1', 'PersistentVolumeClaim', {
    metadata: { name: 'wiki-data', namespace: space, labels, annotations: { ...annotations, ...more } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await world.create(namespace(space), [persistentVolumeClaims, claim]);
  await world.bound(space, 'wiki-data');
  return read(space, 'wiki-data');
}

function read(space: string, name: string) {
  return world.cluster.get(persistentVolumeClaims, name, space);
}

async function succeeds(words: string, options: RunOptions = {}): Promise<string> {
  const { code, err } = await world.run(`${words} ${local}`, options);
  assert.equal(code, 0, err);
  return err;
}

async function remove(space: string): Promise<void> {
  await world.cluster.delete(persistentVolumeClaims, { name: 'wiki-data', namespace: space });
  await world.until(persistentVolumeClaims, space, 'wiki-data', (it) => it === undefined);
}

async function remembered(space: string) {
  const [snapshot] = (await world.cluster.list(volumeSnapshots, { namespace: space })).items;
  assert.ok(snapshot);
  return readSourceClaim(snapshot);
}

test("Helm's claim comes back as Helm's, and a copy of it has no owner", async () => {
  const before = await wiki('helm');
  await succeeds('snapshot pvc/wiki-data -n helm');
  world.standAt(60);
  await succeeds('restore pvc/wiki-data -n helm --suffix=-copy');
  const copy = (await read('helm', 'wiki-data-copy')).metadata;
  assert.equal(copy.labels?.['tier'], 'data');
  assert.equal(copy.labels['app.kubernetes.io/managed-by'], 'kubectl-stash');
  assert.equal(copy.labels['app.kubernetes.io/instance'], undefined);
  assert.equal(copy.annotations?.['note'], 'mine');
  assert.deepEqual(
    Object.keys(copy.annotations).filter((name) => name.includes('helm')),
    [],
  );

  await remove('helm');
  world.standAt(120);
  await succeeds('restore pvc/wiki-data -n helm');
  const { metadata, spec } = await read('helm', 'wiki-data');
  for (const [name, value] of Object.entries(labels)) assert.equal(metadata.labels?.[name], value);
  for (const [name, value] of Object.entries(annotations)) assert.equal(metadata.annotations?.[name], value);
  assert.notEqual(spec.volumeName, before.spec.volumeName);
});

test('labels that the user names do not come back, and all others do', async () => {
  await wiki('stripped');
  await succeeds('snapshot pvc/wiki-data -n stripped');
  await remove('stripped');
  world.standAt(60);
  await succeeds('restore pvc/wiki-data -n stripped --strip-label=app.kubernetes.io/instance,tier');
  const { metadata } = await read('stripped', 'wiki-data');
  assert.equal(metadata.labels?.['app.kubernetes.io/managed-by'], 'Helm');
  for (const name of ['app.kubernetes.io/instance', 'tier']) assert.equal(metadata.labels[name], undefined);
});

test('a claim that is restored, snapshotted and restored again belongs to the second restore', async () => {
  await wiki('twice');
  await succeeds('snapshot pvc/wiki-data -n twice');
  await remove('twice');
  world.standAt(60);
  await succeeds('restore pvc/wiki-data -n twice');
  const first = (await read('twice', 'wiki-data')).metadata.annotations?.[annotation.restoreSessionUid];
  world.standAt(120);
  await succeeds('snapshot pvc/wiki-data -n twice');
  const [, second] = (await world.cluster.list(volumeSnapshots, { namespace: 'twice' })).items;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(readSourceClaim(second)?.annotations, annotations);
});

test('a snapshot remembers its volume', async () => {
  const { spec } = await wiki('volume');
  await succeeds('snapshot pvc/wiki-data -n volume');
  const volume = await world.cluster.get(persistentVolumes, spec.volumeName ?? '');
  const source = await remembered('volume');
  assert.deepEqual([source?.volume, source?.volumeHandle], [spec.volumeName, volume.spec.csi?.volumeHandle]);
  assert.ok(source?.volumeHandle !== undefined);
});

test('a user who may not read volumes can snapshot, without the handle, and is refused once', async () => {
  const { spec } = await wiki('unread');
  const more = [1, 2, 3].map((index) => `more-${index}`);
  const names = ['wiki-data', ...more];
  for (const name of more) {
    const claim = object('v1', 'PersistentVolumeClaim', {
      metadata: { name, namespace: 'unread' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await world.create([persistentVolumeClaims, claim]);
  }
  await world.bound('unread', ...more);
  const volumes = names.map((claimName, index) => ({
    name: `v${index}`,
    persistentVolumeClaim: { claimName },
  }));
  const template = {
    metadata: { labels: { app: 'wiki' } },
    spec: { containers: [{ name: 'main', image: 'busybox' }], volumes },
  };
  const set = { replicas: 0, selector: { matchLabels: { app: 'wiki' } }, template };
  const deployment = object('apps/v1', 'Deployment', {
    metadata: { name: 'wiki', namespace: 'unread' },
    spec: set,
  });
  await world.create([deployments, deployment]);
  let asked = 0;
  const through = (cluster: Cluster): Cluster => ({
    ...cluster,
    list: (resource, scope) => {
      if (resource.plural !== 'persistentvolumes') return cluster.list(resource, scope);
      asked += 1;
      return Promise.reject(new StashError('forbidden', 'no'));
    },
  });
  await succeeds('snapshot deploy/wiki -n unread', { through });
  assert.equal(asked, 1);
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: 'unread' });
  assert.equal(items.length, names.length);
  const source = items.map(readSourceClaim).find((it) => it?.volume === spec.volumeName);
  assert.ok(source);
  assert.equal(source.volumeHandle, undefined);
});

test('a claim with as many annotations as the API server accepts is snapshotted and restored, and lost ones are named', async () => {
  const large = { 'kubectl.kubernetes.io/last-applied-configuration': '"'.repeat(250_000) };
  await wiki('large', large);
  assert.match(
    await succeeds('snapshot pvc/wiki-data -n large'),
    /note: the snapshot of claim wiki-data leaves out the annotation kubectl.kubernetes.io\/last-applied-configuration: too large to be kept/,
  );
  await remove('large');
  world.standAt(60);
  const told = await succeeds('restore pvc/wiki-data -n large');
  assert.match(
    told,
    /note: claim wiki-data comes back without the annotation kubectl.kubernetes.io\/last-applied-configuration: too large to be kept/,
  );
  const { metadata } = await read('large', 'wiki-data');
  assert.equal(metadata.annotations?.['note'], 'mine');
});
