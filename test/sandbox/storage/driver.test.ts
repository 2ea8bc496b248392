import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { removeTree } from '#src/sandbox/storage/copy.ts';
import { openDriver, rpcError } from '#src/sandbox/storage/driver.ts';
import { readBehaviour } from '#src/sandbox/storage/faults.ts';
import { openStorage } from '#src/sandbox/storage/storage.ts';

const root = await mkdtemp(join(tmpdir(), 'stash-driver-'));
after(() => removeTree(root));
const storage = await openStorage(root);
await storage.createVolume({ handle: 'pvc-1', bytes: 7 });
const driver = openDriver(storage, new AbortController().signal, () => 0);

test('parameters', () => {
  const healthy = { delay: 0, cutDelay: 0, fault: undefined, snapshotsDie: false, exactSize: false };
  assert.deepEqual(readBehaviour(), healthy);
  assert.deepEqual(readBehaviour({ 'csi.storage.k8s.io/fstype': 'ext4' }), healthy);
  assert.deepEqual(readBehaviour({ delay: '500ms', cutDelay: '1.5s', fault: 'full' }), {
    ...healthy,
    delay: 500,
    cutDelay: 1500,
    fault: 'full',
  });
  assert.deepEqual(readBehaviour({ snapshots: 'die-with-volume', restoreSize: 'exact' }), {
    ...healthy,
    snapshotsDie: true,
    exactSize: true,
  });
  assert.equal(readBehaviour({ delay: '2m' }).delay, 120_000);
  for (const wrong of [{ delay: '5' }, { delay: '-1s' }, { fault: 'maybe' }, { falt: 'full' }]) {
    assert.throws(() => readBehaviour(wrong), /^StorageError: (unknown )?parameter "(delay|fault|falt)"/);
  }
  for (const wrong of [{ snapshots: 'live' }, { restoreSize: 'any' }]) {
    assert.throws(() => readBehaviour(wrong), /^StorageError: parameter "(snapshots|restoreSize)"/);
  }
});

async function outcome(call: Promise<{ readyIn?: number | undefined }>): Promise<string> {
  try {
    const { readyIn } = await call;
    return readyIn === undefined ? 'never' : `in ${readyIn}`;
  } catch (error) {
    return rpcError(error);
  }
}

test('faults of a snapshot class, for each call', async () => {
  const rows: [Record<string, string>, string[]][] = [
    [{}, ['in 0', 'in 0']],
    [{ delay: '500ms' }, ['in 500', 'in 500']],
    [
      { fault: 'error-once' },
      ['rpc error: code = Internal desc = s2: injected error (fault: error-once)', 'in 0', 'in 0'],
    ],
    [
      { fault: 'error-always' },
      ['rpc error: code = Internal desc = s3: injected error (fault: error-always)'],
    ],
    [{ fault: 'never-ready' }, ['never', 'never']],
    [
      { fault: 'full' },
      ['rpc error: code = ResourceExhausted desc = s5: no space left in the pool (fault: full)'],
    ],
    [
      { falt: 'full' },
      [
        'rpc error: code = InvalidArgument desc = unknown parameter "falt" (known: delay, cutDelay, fault, snapshots, restoreSize)',
      ],
    ],
  ];
  for (const [index, [parameters, expected]] of rows.entries()) {
    for (const want of expected) {
      const call = driver.createSnapshot({ name: `s${index}`, volume: 'pvc-1', parameters });
      assert.equal(await outcome(call), want, JSON.stringify(parameters));
    }
  }
  const cut = (await storage.listSnapshots()).map(({ handle }) => handle);
  assert.deepEqual(cut, ['s0', 's1', 's2', 's4'], 'a snapshot that never becomes ready is still cut');
});

test('faults of a storage class', async () => {
  const make = (name: string, fault: string) =>
    outcome(driver.createVolume({ name, bytes: 1, parameters: { fault } }).then(() => ({ readyIn: 0 })));
  assert.equal(
    await make('v1', 'never-ready'),
    'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
  );
  assert.match(
    await make('v2', 'full'),
    /code = ResourceExhausted desc = v2: no space left in the pool, 1 bytes wanted/,
  );
  assert.match(await make('v3', 'error-once'), /code = Internal desc = v3/);
  assert.equal(await make('v3', 'error-once'), 'in 0');
  assert.deepEqual(await storage.listVolumes(), [
    { handle: 'pvc-1', bytes: 7 },
    { handle: 'v3', bytes: 1 },
  ]);
});

test('only snapshots inside their volume are deleted with it', async () => {
  const inside = { snapshots: 'die-with-volume' };
  await driver.createVolume({ name: 'pool-1', bytes: 7, parameters: inside });
  await driver.createSnapshot({ name: 'inside', volume: 'pool-1' });
  await driver.createVolume({ name: 'plain-1', bytes: 7 });
  await driver.createSnapshot({ name: 'outside', volume: 'plain-1' });
  await driver.deleteVolume('pool-1');
  await driver.deleteVolume('plain-1');
  await assert.rejects(driver.getSnapshot('inside'), { code: 'NotFound' });
  assert.equal((await driver.getSnapshot('outside')).volume, 'plain-1');
});

test('with restoreSize exact, every size other than that of the snapshot is refused', async () => {
  await driver.createVolume({ name: 'sized', bytes: 7 });
  await driver.createSnapshot({ name: 'of-seven', volume: 'sized' });
  const exact = { fromSnapshot: 'of-seven', parameters: { restoreSize: 'exact' } };
  await assert.rejects(driver.createVolume({ name: 'larger', bytes: 8, ...exact }), { code: 'OutOfRange' });
  assert.equal((await driver.createVolume({ name: 'same', bytes: 7, ...exact })).bytes, 7);
});
