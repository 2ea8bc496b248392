/** The exact objects that a session leaves behind. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  restoreSessions,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { deployment } from './manifests.ts';
import { openPlace } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

await suite('objects', { concurrency: 2 }, () => {
  test('a snapshot and a restore of a deployment', async (t) => {
    const place = await openPlace(t, server);
    const { namespace } = place;
    await place.claims('data');
    await place.create(deployments, deployment('foo', ['data']));
    await place.running('foo');
    await place.succeeds('snapshot deploy/foo --executor=local');

    const targetLabels = {
      'app.kubernetes.io/managed-by': 'kubectl-stash',
      'stash.appscode.com/target-kind': 'Deployment',
      'stash.appscode.com/target-name': 'foo',
      'stash.appscode.com/target-namespace': namespace,
    };
    const labels = {
      ...targetLabels,
      'stash.appscode.com/invoker-name': 'deploy-foo',
      'stash.appscode.com/invoker-type': 'BackupConfiguration',
    };
    const target = JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' });

    const configuration = only(await place.list(backupConfigurations));
    assert.deepEqual(written(configuration), { name: 'deploy-foo', labels });
    const { spec } = configuration;
    assert.equal(spec.driver, 'VolumeSnapshotter');
    assert.equal(spec.paused, true);
    assert.deepEqual(spec.target?.ref, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' });
    assert.equal(spec.target.snapshotClassName, undefined);
    assert.deepEqual(
      { name: spec.retentionPolicy.name, prune: spec.retentionPolicy.prune },
      { name: 'keep-all', prune: false },
    );

    const session = only(await place.list(backupSessions));
    const { name, uid, creationTimestamp } = session.metadata;
    assert.match(name, /^deploy-foo-\d{10}$/);
    const {
      'stash.appscode.com/executor': executor,
      'stash.appscode.com/made-by': maker = '',
      ...annotations
    } = session.metadata.annotations ?? {};
    assert.match(maker, /^user:./);
    assert.match(executor ?? '', /^cli-[0-9a-f]{8} \d+$/);
    assert.deepEqual(annotations, {
      'stash.appscode.com/session-claims': '["data"]',
      'stash.appscode.com/target': target,
    });
    assert.deepEqual(session.metadata.labels, labels);
    assert.deepEqual(session.metadata.ownerReferences, [
      {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'BackupConfiguration',
        name: 'deploy-foo',
        uid: configuration.metadata.uid,
        controller: true,
      },
    ]);
    assert.deepEqual(session.spec, {
      invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'deploy-foo' },
    });

    const snapshot = only(await place.list(volumeSnapshots));
    const seconds = Date.parse(creationTimestamp) / 1000;
    assert.equal(snapshot.metadata.name, `data-${seconds}`);
    assert.deepEqual(snapshot.metadata.labels, { ...labels, 'stash.appscode.com/backup-session': name });
    assert.equal(snapshot.metadata.ownerReferences, undefined);
    const { 'stash.appscode.com/source-claim': source = '', ...others } = snapshot.metadata.annotations ?? {};
    assert.deepEqual(others, {
      'stash.appscode.com/session-claims': '["data"]',
      'stash.appscode.com/session-name': name,
      'stash.appscode.com/made-by': maker,
      'stash.appscode.com/session-uid': uid,
      'stash.appscode.com/target': target,
    });
    const held = only(await place.list(persistentVolumeClaims));
    const volume = await server.cluster.get(persistentVolumes, held.spec.volumeName ?? '');
    assert.deepEqual(JSON.parse(source), {
      storageClassName: server.storageClass,
      storage: '1Gi',
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      volume: volume.metadata.name,
      volumeHandle: volume.spec.csi?.volumeHandle,
    });
    assert.deepEqual(snapshot.spec, {
      source: { persistentVolumeClaimName: 'data' },
      volumeSnapshotClassName: server.snapshotClass,
    });
    assert.equal(session.status?.phase, 'Succeeded');
    assert.deepEqual(session.status.targets, [
      {
        ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' },
        phase: 'Succeeded',
        totalHosts: 1,
        stats: [
          {
            hostname: 'data',
            phase: 'Succeeded',
            snapshots: [{ name: `data-${seconds}`, totalSize: snapshot.status?.restoreSize }],
          },
        ],
      },
    ]);

    await place.succeeds('restore deploy/foo --suffix -restored --executor=local');
    const restore = only(await place.list(restoreSessions));
    assert.match(restore.metadata.name, /^restore-deploy-foo-\d{10}$/);
    assert.deepEqual(restore.metadata.labels, targetLabels);
    assert.equal(restore.metadata.annotations?.['stash.appscode.com/restored-from'], name);
    assert.equal(restore.spec.driver, 'VolumeSnapshotter');
    assert.equal(restore.spec.target?.ref, undefined);
    const claim = (await place.list(persistentVolumeClaims)).find(
      ({ metadata }) => metadata.name === 'data-restored',
    );
    assert.deepEqual(claim?.metadata.labels, targetLabels);
    assert.equal(
      claim.metadata.annotations?.['stash.appscode.com/restore-session-uid'],
      restore.metadata.uid,
    );
    assert.equal(claim.metadata.ownerReferences, undefined);
    assert.equal(claim.spec.storageClassName, server.storageClass);
    assert.deepEqual(claim.spec.dataSource, {
      apiGroup: 'snapshot.storage.k8s.io',
      kind: 'VolumeSnapshot',
      name: snapshot.metadata.name,
    });

    await place.remove(backupConfigurations, 'deploy-foo');
    await place.until(backupSessions, (all) => all.length === 0);
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });

  test('names that exceed the limits are shortened, and still found', async (t) => {
    const place = await openPlace(t, server);
    const long = `c${'o'.repeat(230)}ng`;
    await place.claims(long);
    await place.look([long], `echo sample_data > /source/${long}/data.txt`);
    await place.succeeds(`snapshot pvc/${long} --executor=local`);
    const session = only(await place.list(backupSessions));
    const snapshot = only(await place.list(volumeSnapshots));
    assert.ok((snapshot.metadata.labels?.['stash.appscode.com/backup-session'] ?? '').length <= 63);
    assert.equal(snapshot.metadata.annotations?.['stash.appscode.com/session-name'], session.metadata.name);
    await place.remove(backupSessions, session.metadata.name);
    await place.succeeds(
      `restore pvc/${long} --from ${session.metadata.name} --claim ${long}=short --executor=local`,
    );
    assert.equal(await place.look(['short'], 'cat /source/short/data.txt'), 'sample_data');
  });
});

function only<T extends KubernetesObject>(objects: readonly Stored<T>[]): Stored<T> {
  const [first, ...others] = objects;
  assert.ok(first);
  assert.deepEqual(others, []);
  return first;
}

function written({ metadata: { name, labels, annotations } }: Stored<KubernetesObject>) {
  return { name, labels, ...(annotations && { annotations }) };
}
