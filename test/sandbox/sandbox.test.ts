import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { persistentVolumeClaims, storageClasses, volumeSnapshotClasses } from '#src/api/resources.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';

await test('several sandboxes run side by side, each with its own classes, and stop', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'stash-sandbox-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const errors: string[] = [];
  const onError = (message: string): void => {
    errors.push(message);
  };
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => startSandbox({ directory: join(root, name), onError })),
  );
  assert.ok(one && two);
  assert.notEqual(one.url, two.url);
  assert.equal((await stat(one.kubeconfig)).mode & 0o777, 0o600);
  const { items: classes } = await one.cluster.list(storageClasses);
  assert.deepEqual(
    classes.map(({ metadata, volumeBindingMode }) => [metadata.name, volumeBindingMode]),
    [
      ['sandbox', 'Immediate'],
      ['sandbox-wait', 'WaitForFirstConsumer'],
    ],
  );
  const { items: snapshotClasses } = await one.cluster.list(volumeSnapshotClasses);
  assert.deepEqual(
    snapshotClasses.map(({ metadata }) => metadata.name),
    ['sandbox'],
  );

  await one.cluster.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const stopping = new AbortController();
  for await (const event of one.cluster.watch(persistentVolumeClaims, {}, stopping.signal)) {
    const claims = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
    if (claims.some(({ status }) => status?.phase === 'Bound')) stopping.abort();
  }
  assert.deepEqual((await two.cluster.list(persistentVolumeClaims)).items, []);
  await Promise.all([one.stop(), two.stop()]);
  assert.deepEqual(errors, []);
});
