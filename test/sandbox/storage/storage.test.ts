import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { copyPlainly, copyTree, removeTree } from '#src/sandbox/storage/copy.ts';
import { openStorage, StorageError, type StorageErrorCode } from '#src/sandbox/storage/storage.ts';

const root = await fs.mkdtemp(join(tmpdir(), 'stash-storage-'));
after(() => removeTree(root));
let directories = 0;
const newDirectory = () => join(root, String(++directories));

const at = (iso: string) => ({ now: () => new Date(iso) });
const failsWith = (code: StorageErrorCode) => (error: unknown) =>
  error instanceof StorageError && error.code === code;

async function plant(directory: string): Promise<void> {
  await fs.mkdir(join(directory, 'empty'), { mode: 0o750 });
  await fs.mkdir(join(directory, 'locked'));
  await fs.writeFile(join(directory, 'locked', 'run.sh'), '#!/bin/sh\n');
  await fs.chmod(join(directory, 'locked', 'run.sh'), 0o4751);
  await fs.chmod(join(directory, 'locked'), 0o555);
  await fs.symlink('/etc/passwd', join(directory, 'absolute'));
  await fs.symlink('../nowhere', join(directory, 'dangling'));
  await fs.symlink('locked', join(directory, 'into'));
  await fs.writeFile(join(directory, 'a name with spaces'), 'x');
  await fs.writeFile(join(directory, '-rf'), 'y');
  await fs.utimes(join(directory, '-rf'), 1, 2);
}

/** Returns one line per entry, with everything that a copy must preserve. */
async function describe(directory: string): Promise<string[]> {
  const names = (await fs.readdir(directory, { recursive: true })).sort();
  return Promise.all(
    ['.', ...names].map(async (name) => {
      const path = join(directory, name);
      const stats = await fs.lstat(path);
      const mode = stats.mode.toString(8);
      const what = stats.isSymbolicLink()
        ? await fs.readlink(path)
        : stats.isFile()
          ? `${stats.size} bytes, ${await beginning(path)}, ${Math.floor(stats.mtimeMs / 1000)}`
          : '';
      return `${name} ${mode} ${stats.uid}:${stats.gid} ${what}`;
    }),
  );
}

async function beginning(path: string): Promise<string> {
  await using file = await fs.open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

async function sparseFile(path: string, size: number): Promise<void> {
  await using file = await fs.open(path, 'w');
  await file.truncate(size);
  await file.write('end', size - 3);
}

for (const [name, copy] of [
  ['platform copy', copyTree],
  ['plain copy', copyPlainly],
] as const) {
  test(`${name} preserves modes, owners, times, symlinks and empty directories`, async () => {
    const from = newDirectory();
    await fs.mkdir(from);
    await plant(from);
    await copy(from, `${from}-copy`);
    assert.deepEqual(await describe(`${from}-copy`), await describe(from));
  });

  test(`${name} does not fill holes`, async () => {
    const from = newDirectory();
    await fs.mkdir(from);
    await plant(from);
    const size = copy === copyTree ? 1 << 30 : 1 << 26;
    await sparseFile(join(from, 'sparse'), size);
    await copy(from, `${from}-copy`);
    const stats = await fs.stat(join(`${from}-copy`, 'sparse'));
    assert.equal(stats.size, size);
    assert.ok(stats.blocks * 512 < 1 << 20, `${stats.blocks} blocks`);
    assert.deepEqual(await describe(`${from}-copy`), await describe(from));
  });
}

test('a snapshot does not change after the cut, and a volume made from it has exactly its contents', async () => {
  const directory = newDirectory();
  const storage = await openStorage(directory, at('2026-11-03T10:00:00Z'));
  await storage.createVolume({ handle: 'pvc-1', bytes: 1 << 30 });
  const volume = storage.volumePath('pvc-1');
  await plant(volume);
  await sparseFile(join(volume, 'sparse'), 1 << 30);
  const before = await describe(volume);

  const snapshot = await storage.createSnapshot({ handle: 'snap-1', volume: 'pvc-1' });
  assert.deepEqual(snapshot, {
    handle: 'snap-1',
    volume: 'pvc-1',
    bytes: 1 << 30,
    cutAt: '2026-11-03T10:00:00.000Z',
  });
  await fs.writeFile(join(volume, 'a name with spaces'), 'changed');
  await fs.rm(join(volume, 'empty'), { recursive: true });
  assert.deepEqual(await storage.createSnapshot({ handle: 'snap-1', volume: 'pvc-1' }), snapshot, 'repeated');
  await storage.deleteVolume('pvc-1');
  await storage.deleteVolume('pvc-1');

  const reopened = await openStorage(directory);
  assert.deepEqual(await reopened.listVolumes(), []);
  assert.deepEqual(await reopened.listSnapshots(), [snapshot]);
  await reopened.createVolume({ handle: 'pvc-2', bytes: 1 << 30, fromSnapshot: 'snap-1' });
  assert.deepEqual(await describe(reopened.volumePath('pvc-2')), before);
  await fs.writeFile(join(reopened.volumePath('pvc-2'), 'a name with spaces'), 'in the copy only');
  await reopened.createVolume({ handle: 'pvc-3', bytes: 1 << 30, fromSnapshot: 'snap-1' });
  assert.deepEqual(await describe(reopened.volumePath('pvc-3')), before);
  await reopened.deleteSnapshot('snap-1');
  assert.deepEqual(await reopened.listSnapshots(), []);
});

test('a block volume is one file of its size, and its snapshot fills only a block volume', async () => {
  const storage = await openStorage(newDirectory());
  await storage.createVolume({ handle: 'raw', bytes: 1 << 20, isBlock: true });
  assert.equal((await fs.stat(storage.devicePath('raw'))).size, 1 << 20);
  await using device = await fs.open(storage.devicePath('raw'), 'r+');
  await device.write('data', 4096);
  await storage.createSnapshot({ handle: 'cut', volume: 'raw' });
  await device.write('more', 4096);
  await storage.createVolume({ handle: 'copy', bytes: 1 << 21, isBlock: true, fromSnapshot: 'cut' });
  const copy = await fs.readFile(storage.devicePath('copy'));
  assert.equal(copy.length, 1 << 21);
  assert.equal(copy.toString('utf8', 4096, 4100), 'data');
  await assert.rejects(
    storage.createVolume({ handle: 'files', bytes: 1 << 20, fromSnapshot: 'cut' }),
    failsWith('InvalidArgument'),
  );
});

test('an entry left incomplete by a crash is never visible, and is removed at the next start', async () => {
  const directory = newDirectory();
  await openStorage(directory);
  await fs.mkdir(join(directory, 'unfinished', 'x', 'data'), { recursive: true });
  await fs.writeFile(join(directory, 'unfinished', 'x', 'data', 'half'), '');
  const storage = await openStorage(directory);
  assert.deepEqual([await storage.listVolumes(), await storage.listSnapshots()], [[], []]);
  assert.deepEqual(await fs.readdir(join(directory, 'unfinished')), []);
});

test('the volume is frozen during the copy, and thawed even if the copy fails', async () => {
  const directory = newDirectory();
  const frozen = new Set<string>();
  const storage = await openStorage(directory, {
    freeze(handle) {
      frozen.add(handle);
      return () => void frozen.delete(handle);
    },
    now() {
      assert.deepEqual([...frozen], ['pvc-1']);
      throw new Error('no clock');
    },
  });
  await storage.createVolume({ handle: 'pvc-1', bytes: 1 });
  await assert.rejects(storage.createSnapshot({ handle: 's', volume: 'pvc-1' }), failsWith('Internal'));
  assert.equal(frozen.size, 0);
  assert.deepEqual(await storage.listSnapshots(), []);
});

test('two concurrent creations of the same entry create it once', async () => {
  const storage = await openStorage(newDirectory());
  const both = [1, 2].map(() => storage.createVolume({ handle: 'pvc-1', bytes: 5 }));
  assert.deepEqual(await Promise.all(both), [
    { handle: 'pvc-1', bytes: 5 },
    { handle: 'pvc-1', bytes: 5 },
  ]);
  assert.equal((await storage.listVolumes()).length, 1);
});

test('refusals', async () => {
  const storage = await openStorage(newDirectory());
  await storage.createVolume({ handle: 'pvc-1', bytes: 5 });
  await storage.createVolume({ handle: 'pvc-2', bytes: 5 });
  await storage.createSnapshot({ handle: 'snap', volume: 'pvc-1' });
  const bad = ['..', '.', '', 'a/b', '/etc', '-rf', 'a\0b', 'x'.repeat(129)];
  const rows: [StorageErrorCode, () => unknown][] = [
    ...bad.map((handle): [StorageErrorCode, () => unknown] => [
      'InvalidArgument',
      () => storage.createVolume({ handle, bytes: 1 }),
    ]),
    ['InvalidArgument', () => storage.deleteSnapshot('../volumes/pvc-1')],
    ['AlreadyExists', () => storage.createVolume({ handle: 'pvc-1', bytes: 6 })],
    ['AlreadyExists', () => storage.createSnapshot({ handle: 'snap', volume: 'pvc-2' })],
    ['NotFound', () => storage.createSnapshot({ handle: 'other', volume: 'pvc-9' })],
    ['NotFound', () => storage.createVolume({ handle: 'pvc-3', bytes: 5, fromSnapshot: 'none' })],
    ['OutOfRange', () => storage.createVolume({ handle: 'pvc-3', bytes: 4, fromSnapshot: 'snap' })],
  ];
  for (const [code, act] of rows) await assert.rejects(Promise.resolve().then(act), failsWith(code));
  assert.deepEqual(
    (await storage.listVolumes()).map(({ handle }) => handle),
    ['pvc-1', 'pvc-2'],
  );
});
