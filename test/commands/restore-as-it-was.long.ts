/** A claim comes back as it was, and what cannot come back is refused before anything is written. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { PersistentVolumeClaim, StorageClass, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import {
  persistentVolumeClaims,
  storageClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { checkAdvice } from './advice.ts';
import { claim, namespace, object, type Created } from './objects.ts';
import { paste } from './paste.ts';
import { startWorld, type World } from './world.ts';

const local = '--executor=local';
let world: World;

const driver = 'sandbox.csi.stash.dev';

before(async () => {
  world = await startWorld();
  world.race();
  await world.create(
    storageClass('growing', driver, { allowVolumeExpansion: true }),
    storageClass('other', driver),
    storageClass('nfs', 'nfs.csi.example.test'),
    storageClass('by-hand', 'kubernetes.io/no-provisioner'),
    storageClass('migrated', 'kubernetes.io/gce-pd'),
  );
});

after(() => world[Symbol.asyncDispose]());

function storageClass(
  name: string,
  provisioner: string,
  more: Partial<StorageClass> & { allowVolumeExpansion?: boolean } = {},
): Created {
  return [
    storageClasses,
    { ...object('storage.k8s.io/v1', 'StorageClass', { metadata: { name } }), provisioner, ...more },
  ];
}

async function succeeds(words: string): Promise<string> {
  const { code, out, err } = await world.run(`${words} ${local}`);
  assert.equal(code, 0, err);
  return `${out}${err}`;
}

function read(name: string, namespace: string): Promise<Stored<PersistentVolumeClaim>> {
  return world.cluster.get(persistentVolumeClaims, name, namespace);
}

test('a claim whose expansion is pending comes back as large as it was asked to be', async () => {
  const demo = 'growing';
  await world.create(namespace(demo), claim(demo, 'metrics', { storageClass: 'growing' }));
  await world.bound(demo, 'metrics');
  await world.cluster.patch(
    persistentVolumeClaims,
    { name: 'metrics', namespace: demo },
    { spec: { resources: { requests: { storage: '5Gi' } } } },
  );
  assert.equal((await read('metrics', demo)).status?.capacity?.storage, '1Gi');
  await succeeds(`snapshot pvc/metrics -n ${demo}`);
  await succeeds(`restore pvc/metrics --suffix=-back -n ${demo}`);
  assert.equal((await read('metrics-back', demo)).spec.resources?.requests?.storage, '5Gi');
});

/** A snapshot by other means than this program, once it is ready. */
async function foreign(demo: string, name: string, of: string): Promise<void> {
  await world.cluster.create(volumeSnapshots, {
    ...object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', {
      metadata: { name, namespace: demo },
    }),
    spec: { source: { persistentVolumeClaimName: of }, volumeSnapshotClassName: 'sandbox' },
  });
  await world.until(volumeSnapshots, demo, name, (it) => it?.status?.readyToUse === true);
}

async function place(demo: string, name: string, options: Parameters<typeof claim>[2] = {}): Promise<void> {
  await world.create(namespace(demo), claim(demo, name, options));
  await world.bound(demo, name);
}

async function refuses(words: string, why: RegExp, stdin?: string): Promise<string> {
  const before = await world.census();
  const { code, err } = await world.run(`${words} ${local}`, stdin === undefined ? {} : { stdin });
  assert.match(err, why);
  assert.equal(code, 1, err);
  await checkAdvice(err);
  assert.deepEqual(await world.census(), before);
  return err;
}

function file(snapshot: string, spec: string): string {
  return `apiVersion: stash.appscode.com/v1beta1
kind: RestoreSession
metadata: {name: from-file}
spec:
  driver: VolumeSnapshotter
  target:
    volumeClaimTemplates:
    - metadata: {name: from-file}
      spec:
        accessModes: [ReadWriteOnce]
        dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: ${snapshot}}
        ${spec}
`;
}

async function onlySnapshot(demo: string): Promise<Stored<VolumeSnapshot>> {
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: demo });
  const [snapshot] = items;
  assert.ok(snapshot && items.length === 1);
  return snapshot;
}

test('a storage class whose driver cannot restore the snapshot is refused, and the printed class works', async () => {
  const demo = 'classes';
  await place(demo, 'photos');
  await succeeds(`snapshot pvc/photos -n ${demo}`);
  const err = await refuses(
    `restore pvc/photos --suffix=-copy --storage-class=nfs -n ${demo}`,
    /storage class nfs of claim photos-copy is of driver nfs\.csi\.example\.test, and snapshot photos-\d+ of driver sandbox\.csi\.stash\.dev/,
  );
  const { metadata } = await onlySnapshot(demo);
  const wrong = [
    ['storageClassName: nfs', /storage class nfs of claim from-file is of driver nfs/],
    [
      'storageClassName: by-hand',
      /storage class by-hand of claim from-file has no driver that makes volumes/,
    ],
    ['storageClassName: ""', /claim from-file has the empty storage class/],
  ] as const;
  for (const [spec, why] of wrong) await refuses(`restore -f - -n ${demo}`, why, file(metadata.name, spec));
  const text = file(metadata.name, 'storageClassName: migrated');
  const migrated = await world.run(`restore -f - -n ${demo} --dry-run=client ${local}`, { stdin: text });
  assert.equal(migrated.code, 0, migrated.err);
  const printed = err.split('\n').find((line) => line.includes('--storage-class other')) ?? '';
  await paste(world, [printed.replace('hint: ', '').trim()]);
  assert.equal((await read('photos-copy', demo)).spec.storageClassName, 'other');
});

test('without a class and without a default one, a restore is refused', async () => {
  const demo = 'no-default';
  await place(demo, 'photos');
  await succeeds(`snapshot pvc/photos -n ${demo}`);
  const { metadata } = await onlySnapshot(demo);
  const mark = (value: string) =>
    world.cluster.patch(
      storageClasses,
      { name: 'sandbox' },
      { metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': value } } },
    );
  await mark('false');
  await refuses(
    `restore -f - -n ${demo}`,
    /claim from-file names no storage class, and there is no default/,
    file(metadata.name, ''),
  );
  await mark('true');
});

test('a claim whose snapshot was made by other means comes back as the claim is now', async () => {
  const demo = 'foreign';
  await place(demo, 'disk', { storageClass: 'other', modes: ['ReadWriteMany'], size: '1Gi' });
  await foreign(demo, 'disk-by-hand', 'disk');
  const said = await succeeds(`restore pvc/disk --from=disk-by-hand --suffix=-back -n ${demo}`);
  assert.match(said, /claim disk-back becomes as claim disk is now: snapshot disk-by-hand does not record/);
  const { spec } = await read('disk-back', demo);
  assert.deepEqual([spec.accessModes, spec.storageClassName], [['ReadWriteMany'], 'other']);

  await world.cluster.delete(persistentVolumeClaims, { name: 'disk', namespace: demo });
  await world.until(persistentVolumeClaims, demo, 'disk', (it) => it === undefined);
  const gone = await succeeds(`restore pvc/disk --from=disk-by-hand -n ${demo}`);
  assert.match(gone, /claim disk becomes ReadWriteOnce and of the default storage class/);
});

test('a Block snapshot by other means comes back as Block, and never as Filesystem unless that is allowed', async () => {
  const demo = 'block';
  await place(demo, 'disk');
  await foreign(demo, 'seed', 'disk');
  const seed = await onlySnapshot(demo);
  const { boundVolumeSnapshotContentName: bound = '' } = seed.status ?? {};
  const { status } = await world.cluster.get(volumeSnapshotContents, bound);
  // The sandbox's driver has no Block volumes: a content that an administrator writes says what the driver had.
  await world.cluster.create(volumeSnapshotContents, {
    ...object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotContent', {
      metadata: { name: 'raw' },
    }),
    spec: {
      ...{ driver, deletionPolicy: 'Retain', sourceVolumeMode: 'Block' },
      source: { snapshotHandle: status?.snapshotHandle ?? '' },
      volumeSnapshotRef: { name: 'raw', namespace: demo },
    },
  });
  await world.cluster.create(volumeSnapshots, {
    ...object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', {
      metadata: { name: 'raw', namespace: demo },
    }),
    spec: { source: { volumeSnapshotContentName: 'raw' } },
  });
  await world.until(volumeSnapshots, demo, 'raw', (it) => it?.status?.readyToUse === true);
  const dry = await world.run(
    `restore pvc/raw --from=raw --suffix=-back --dry-run=client -o yaml -n ${demo} ${local}`,
  );
  assert.match(dry.out, /volumeMode: Block/, dry.err);
  assert.match(dry.err, /claim raw-back becomes Block, ReadWriteOnce and of the default storage class/);

  const text = file('raw', 'resources: {requests: {storage: 1Gi}}');
  await refuses(
    `restore -f - -n ${demo}`,
    /claim from-file has volumeMode Filesystem, and the volume of snapshot raw had Block/,
    text,
  );
  await world.cluster.patch(
    volumeSnapshotContents,
    { name: 'raw' },
    { metadata: { annotations: { 'snapshot.storage.kubernetes.io/allow-volume-mode-change': 'true' } } },
  );
  const allowed = await world.run(`restore -f - -n ${demo} ${local}`, { stdin: text });
  assert.equal(allowed.code, 0, allowed.err);
});
