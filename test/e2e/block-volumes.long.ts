/** Block volumes: their snapshots, and `cp`, which copies the device into one file. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';

import { persistentVolumeClaims, pods, restoreSessions } from '#src/api/resources.ts';

import { claim, reader } from './manifests.ts';
import { isBound, openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
// The driver of our own node serves block volumes as loop devices.
const isOurNode = process.env['E2E_KUBECONFIG'] !== undefined && server.driver !== undefined;
const skip = isOurNode && !existsSync('/dev/loop-control') && 'this machine has no loop devices';

const device = '/dev/raw';
const bytes = 16 * 2 ** 20;
/** Three pieces of data, one of them at the very end, and holes between them. */
const pieces = [0, 5 * 2 ** 20 + 4096, bytes - 512].map((offset, index) => ({
  offset,
  data: Buffer.from(`piece ${index} `.repeat(64).slice(0, 512)),
}));

function expected(): Buffer {
  const whole = Buffer.alloc(bytes);
  for (const { offset, data } of pieces) data.copy(whole, offset);
  return whole;
}

async function setUp(t: TestContext): Promise<{ place: Place; local: string }> {
  const place = await openPlace(t, server, { files: true });
  const plain = claim('raw', server.storageClass);
  const resources = { requests: { storage: '16Mi' } };
  await place.create(persistentVolumeClaims, {
    ...plain,
    spec: { ...plain.spec, resources, volumeMode: 'Block' },
  });
  await place.until(persistentVolumeClaims, (all) => all.length === 1 && all.every(isBound));
  const local = await mkdtemp(join(tmpdir(), 'stash-block-'));
  t.after(() => rm(local, { recursive: true, force: true }));
  return { place, local };
}

/** A pod that has the device, until its test ends. */
async function writer(place: Place): Promise<string> {
  const base = reader([]);
  const containers = base.spec.containers.map((container) => ({
    ...container,
    volumeDevices: [{ name: 'raw', devicePath: device }],
  }));
  const volumes = [{ name: 'raw', persistentVolumeClaim: { claimName: 'raw' } }];
  const metadata = { name: 'writer', labels: { app: 'writer' } };
  await place.create(pods, { ...base, metadata, spec: { ...base.spec, containers, volumes } });
  const [name = ''] = await place.running('writer');
  return name;
}

async function write(place: Place, pod: string, at: number, text: string): Promise<void> {
  await place.sh(
    pod,
    `printf '%s' '${text}' | dd of=${device} bs=512 seek=${at / 512} conv=notrunc,fsync 2>/dev/null`,
  );
}

await suite('block volumes', { concurrency: 2 }, () => {
  test('cp copies the device of a restore point, byte by byte, with holes', { skip }, async (t) => {
    const { place, local } = await setUp(t);
    const pod = await writer(place);
    for (const { offset, data } of pieces) await write(place, pod, offset, data.toString());
    await place.succeeds('snapshot pvc/raw --executor=local');
    await write(place, pod, 0, 'x'.repeat(512));
    // A device belongs to root.
    const { stdout } = await place.succeeds(`cp pvc/raw:raw ${local}/disk.img --run-as-user 0`);
    assert.match(
      stdout,
      /^1 file \(16Mi\) of claim raw in restore point pvc-raw-\d+ copied to .*disk\.img\n$/,
    );
    const copy = await readFile(join(local, 'disk.img'));
    assert.equal(copy.length, bytes);
    assert.equal(sum(copy), sum(expected()));
    assert.ok((await stat(join(local, 'disk.img'))).blocks * 512 < 2 ** 20);
    assert.deepEqual(await readdir(local), ['disk.img']);
    await place.until(restoreSessions, (all) => all.length === 0);
    await place.until(pods, (all) => all.every(({ metadata }) => metadata.name === 'writer'));
    await place.until(persistentVolumeClaims, (all) => all.length === 1);
  });

  test('cp with the image of another shell copies the same', { skip }, async (t) => {
    const { place, local } = await setUp(t);
    const pod = await writer(place);
    for (const { offset, data } of pieces) await write(place, pod, offset, data.toString());
    await place.succeeds('snapshot pvc/raw --executor=local');
    await place.succeeds(`cp pvc/raw:raw ${local}/disk.img --image busybox --run-as-user 0`);
    assert.equal(sum(await readFile(join(local, 'disk.img'))), sum(expected()));
  });

  const noUsers = !isOurNode && 'only the device of our node is known to belong to root';
  test(
    "a device that the pod's user may not read: an error with its way out",
    { skip: skip || noUsers },
    async (t) => {
      const { place, local } = await setUp(t);
      await place.succeeds('snapshot pvc/raw --executor=local');
      const { code, stderr } = await place.stash(`cp pvc/raw:raw ${local}/disk.img`);
      assert.equal(code, 1);
      assert.match(stderr, /error: the pod's user may not read the device of the volume; nothing was copied/);
      assert.match(stderr, /hint: .*--run-as-user 0/);
      assert.deepEqual(await readdir(local), []);
      await place.until(restoreSessions, (all) => all.length === 0);
    },
  );

  test('what needs files refuses a block volume before it creates anything', { skip }, async (t) => {
    const { place, local } = await setUp(t);
    await place.succeeds('snapshot pvc/raw --executor=local');
    for (const [words, why] of [
      ['browse pvc/raw', /claim raw has no files: it is a block device/],
      ['diff pvc/raw', /claim raw has no files: it is a block device/],
      [`cp pvc/raw:raw:/x ${local}`, /claim raw has no files: it is a block device/],
    ] as const) {
      const { stderr, code } = await place.stash(words);
      assert.notEqual(code, 0);
      assert.match(stderr, why);
    }
    assert.equal((await place.list(restoreSessions)).length, 0);
    assert.deepEqual(await readdir(local), []);
  });
});

function sum(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
