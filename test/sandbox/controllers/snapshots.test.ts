import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  persistentVolumeClaims,
  secrets,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { isBound, startCluster } from './running-cluster.ts';

const running = await startCluster();
await running.claim('data');
await running.until(persistentVolumeClaims, 'data', isBound);

const isReady = (it: VolumeSnapshot | undefined): boolean => it?.status?.readyToUse === true;
const hasError = (it: VolumeSnapshot | undefined): boolean => it?.status?.error !== undefined;
const here = (name: string) => ({ name, namespace: 'default' });
const api = { apiVersion: 'snapshot.storage.k8s.io/v1' };

async function snapshotClass(name: string, fields: object = {}): Promise<void> {
  await running.cluster.create(volumeSnapshotClasses, {
    ...api,
    kind: 'VolumeSnapshotClass',
    metadata: { name },
    driver: 'sandbox.csi.stash.dev',
    deletionPolicy: 'Delete',
    ...fields,
  });
}

async function handles(): Promise<string[]> {
  return (await running.storage.listSnapshots()).map(({ handle }) => handle);
}

test('a snapshot contains the data of the claim, and is deleted with its object', async () => {
  const claim = await running.cluster.get(persistentVolumeClaims, 'data', 'default');
  await writeFile(join(running.storage.volumePath(claim.spec.volumeName ?? ''), 'file'), 'then');
  await running.snapshot('first', 'data');
  const { metadata, spec, status } = await running.until(volumeSnapshots, 'first', isReady);
  assert.equal(spec.volumeSnapshotClassName, 'sandbox');
  assert.equal(status?.boundVolumeSnapshotContentName, `snapcontent-${metadata.uid}`);
  assert.equal(status.restoreSize, '1Gi');
  assert.match(status.creationTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(status.error, undefined);
  assert.deepEqual(metadata.finalizers, [
    'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection',
    'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
  ]);
  const content = await running.cluster.get(volumeSnapshotContents, `snapcontent-${metadata.uid}`);
  assert.equal(content.spec.volumeSnapshotRef.uid, metadata.uid);
  assert.equal(content.status?.restoreSize, 2 ** 30);
  const handle = content.status.snapshotHandle ?? '';
  assert.equal(
    await readFile(join(running.directory, 'storage', 'snapshots', handle, 'data', 'file'), 'utf8'),
    'then',
  );
  assert.deepEqual(
    (await running.eventsOf('first', 'SnapshotReady')).map((event) => event.split(':')[0]),
    ['CreatingSnapshot', 'SnapshotCreated', 'SnapshotReady'],
  );

  await running.cluster.delete(volumeSnapshotContents, { name: content.metadata.name });
  await running.until(
    volumeSnapshotContents,
    content.metadata.name,
    (it) => it?.metadata.deletionTimestamp !== undefined,
  );
  assert.ok((await handles()).includes(handle), 'a content does not go before its snapshot');
  await running.cluster.delete(volumeSnapshots, here('first'));
  await running.gone(volumeSnapshots, 'first');
  await running.gone(volumeSnapshotContents, content.metadata.name);
  assert.ok(!(await handles()).includes(handle));
});

test('a retained content can be bound to another snapshot', async () => {
  await snapshotClass('retain', { deletionPolicy: 'Retain' });
  await running.snapshot('old', 'data', 'retain');
  const { status } = await running.until(volumeSnapshots, 'old', isReady);
  await running.cluster.delete(volumeSnapshots, here('old'));
  await running.gone(volumeSnapshots, 'old');
  const old = await running.cluster.get(volumeSnapshotContents, status?.boundVolumeSnapshotContentName ?? '');
  const handle = old.status?.snapshotHandle ?? '';
  assert.ok((await handles()).includes(handle));

  await running.cluster.create(volumeSnapshots, {
    ...api,
    kind: 'VolumeSnapshot',
    metadata: here('again'),
    spec: { source: { volumeSnapshotContentName: 'by-hand' } },
  });
  const waiting = await running.until(volumeSnapshots, 'again', hasError);
  assert.equal(waiting.status?.error?.message, 'VolumeSnapshotContent is missing');
  await running.cluster.create(volumeSnapshotContents, {
    ...api,
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'by-hand' },
    spec: {
      driver: 'sandbox.csi.stash.dev',
      deletionPolicy: 'Delete',
      source: { snapshotHandle: handle },
      volumeSnapshotRef: here('again'),
    },
  });
  const again = await running.until(volumeSnapshots, 'again', isReady);
  assert.deepEqual([again.status?.restoreSize, again.status?.error], ['1Gi', undefined]);
});

test('a snapshot of a missing claim reports the error until the claim exists', async () => {
  await running.snapshot('eager', 'unborn');
  const { status } = await running.until(volumeSnapshots, 'eager', hasError);
  assert.equal(status?.readyToUse, false);
  assert.equal(
    status.error?.message,
    'Failed to create snapshot content with error snapshot controller failed to update eager on API server: ' +
      'cannot get claim from snapshot',
  );
  await running.claim('unborn');
  const ready = await running.until(volumeSnapshots, 'eager', isReady);
  assert.equal(ready.status?.error, undefined);
});

test('how a snapshot without a class gets one', async () => {
  const mark = (name: string, value: string) =>
    running.cluster.patch(
      volumeSnapshotClasses,
      { name },
      { metadata: { annotations: { [annotation.defaultSnapshotClass]: value } } },
    );
  const errorOf = async (name: string) => {
    await running.snapshot(name, 'data');
    return (await running.until(volumeSnapshots, name, hasError)).status?.error?.message;
  };
  await snapshotClass('second', {
    metadata: { name: 'second', annotations: { [annotation.defaultSnapshotClass]: 'true' } },
  });
  assert.equal(
    await errorOf('two'),
    'Failed to set default snapshot class with error 2 default snapshot classes were found',
  );
  await mark('sandbox', 'false');
  assert.equal((await running.until(volumeSnapshots, 'two', isReady)).spec.volumeSnapshotClassName, 'second');
  await mark('second', 'false');
  assert.equal(
    await errorOf('none'),
    'Failed to set default snapshot class with error cannot find default snapshot class',
  );
  await mark('sandbox', 'true');
  await running.until(volumeSnapshots, 'none', isReady);

  await running.snapshot('typo', 'data', 'sandbix');
  const { status } = await running.until(volumeSnapshots, 'typo', hasError);
  assert.match(status?.error?.message ?? '', /failed to retrieve snapshot class sandbix from the informer/);
});

test('a class whose secret does not exist', async () => {
  await snapshotClass('with-secret', {
    parameters: {
      'csi.storage.k8s.io/snapshotter-secret-name': 'credentials',
      'csi.storage.k8s.io/snapshotter-secret-namespace': '${volumesnapshot.namespace}',
    },
  });
  await running.snapshot('secret', 'data', 'with-secret');
  const { status } = await running.until(volumeSnapshots, 'secret', hasError);
  assert.match(
    status?.error?.message ?? '',
    /error getting secret credentials in namespace default: secrets \\"credentials\\" not found/,
  );
  await running.cluster.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'credentials', namespace: 'default' },
  });
  await running.until(volumeSnapshots, 'secret', isReady);
});

test('faults and delays of a snapshot class', async () => {
  const of = async (name: string, parameters: Record<string, string>) => {
    await snapshotClass(name, { parameters });
    await running.snapshot(name, 'data', name);
  };
  // The error may be gone before anything reads it, so watch from the start.
  const failing = running.until(volumeSnapshots, 'once', hasError);
  await of('full', { fault: 'full' });
  await of('once', { fault: 'error-once' });
  await of('never', { fault: 'never-ready' });
  const began = performance.now();
  await of('slow', { delay: '40ms', cutDelay: '20ms' });

  const full = await running.until(volumeSnapshots, 'full', hasError);
  assert.match(
    full.status?.error?.message ?? '',
    /^Failed to check and update snapshot content: failed to take snapshot of the volume pvc-\S+: "rpc error: code = ResourceExhausted desc = snapshot-\S+: no space left/,
  );
  const once = await failing;
  assert.match(once.status?.error?.message ?? '', /code = Internal/);
  assert.equal((await running.until(volumeSnapshots, 'once', isReady)).status?.error, undefined);

  await running.until(volumeSnapshots, 'slow', isReady);
  // The delay starts with the request and includes the cut; timers may be a millisecond early.
  assert(performance.now() - began >= 38, 'the delay has passed');
  const never = await running.until(volumeSnapshots, 'never', (it) => it?.status?.creationTime !== undefined);
  assert.equal(never.status?.readyToUse, false, 'cut before it is ready');
  await running.cluster.delete(volumeSnapshots, here('never'));
  await running.gone(volumeSnapshots, 'never');
});

test('a deleted claim stays until its snapshot is ready', async () => {
  await running.claim('leaving');
  await running.until(persistentVolumeClaims, 'leaving', isBound);
  await snapshotClass('late', { parameters: { delay: '30ms' } });
  await running.snapshot('last', 'leaving', 'late');
  await running.until(
    volumeSnapshots,
    'last',
    (it) => it?.status?.boundVolumeSnapshotContentName !== undefined,
  );
  await running.cluster.delete(persistentVolumeClaims, here('leaving'));
  await running.gone(persistentVolumeClaims, 'leaving');
  assert.ok(isReady(await running.cluster.get(volumeSnapshots, 'last', 'default')));
});

test('a hundred snapshots at once', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `many-${index}`);
  await Promise.all(names.map((name) => running.snapshot(name, 'data', 'sandbox')));
  const many = ({ metadata }: Stored<VolumeSnapshot>) => metadata.name.startsWith('many-');
  const all = await running.untilAll(
    volumeSnapshots,
    (some) => some.filter(many).filter(isReady).length === 100,
  );
  const contents = all.filter(many).map(({ status }) => status?.boundVolumeSnapshotContentName);
  assert.equal(new Set(contents).size, 100, 'each has a content of its own');
  assert.ok(!contents.includes(undefined));
});
