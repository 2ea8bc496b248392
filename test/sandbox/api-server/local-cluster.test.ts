import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject, OwnerReference } from '#src/api/kubernetes.ts';
import { backupSessions, namespaces, pods, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { Cluster, WatchEvent } from '#src/cluster/port.ts';
import { createApi } from '#src/sandbox/api-server/create-api.ts';
import { startGarbageCollector } from '#src/sandbox/api-server/garbage-collector.ts';
import { createLocalCluster } from '#src/sandbox/api-server/local-cluster.ts';
import { seed } from '#src/sandbox/seed.ts';

interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}
const configMaps: Resource<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

async function startCluster(): Promise<Cluster> {
  const api = createApi({ now: () => new Date('2024-05-01T10:00:00Z') });
  startGarbageCollector(api);
  const cluster = createLocalCluster(api);
  await seed(cluster, 'test.csi');
  return cluster;
}

function map(name: string, owners: OwnerReference[] = [], namespace = 'default'): ConfigMap {
  const metadata = { name, namespace, ...(owners.length > 0 && { ownerReferences: owners }) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

function ownedBy({ metadata }: KubernetesObject, more: Partial<OwnerReference> = {}): OwnerReference {
  return { apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name ?? '', uid: metadata.uid ?? '', ...more };
}

async function names(cluster: Cluster, namespace = 'default'): Promise<string[]> {
  const { items } = await cluster.list(configMaps, { namespace });
  return items.map(({ metadata }) => metadata.name);
}

await test('errors have the reason of the API', async () => {
  const cluster = await startCluster();
  await assert.rejects(cluster.get(pods, 'x', 'default'), {
    reason: 'NotFound',
    message: 'pods "x" not found',
  });
  await assert.rejects(cluster.list(backupSessions), { reason: 'NotFound' });
  await cluster.create(configMaps, map('a'));
  await assert.rejects(cluster.create(configMaps, map('a')), { reason: 'AlreadyExists' });
  const stale = { metadata: { resourceVersion: '1' } };
  await assert.rejects(cluster.patch(configMaps, { name: 'a', namespace: 'default' }, stale), {
    reason: 'Conflict',
  });
  const snapshot = {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name: 's', namespace: 'default' },
  };
  await assert.rejects(cluster.create(volumeSnapshots, { ...snapshot, spec: { source: {} } }), {
    reason: 'Invalid',
  });
  const exec = {
    namespace: 'default',
    pod: 'p',
    command: ['x'],
    stdout: process.stdout,
    stderr: process.stderr,
  };
  await assert.rejects(cluster.exec(exec), { reason: 'NotImplemented' });
});

await test('apply creates a missing object and merges into an existing one', async () => {
  const cluster = await startCluster();
  const at = { name: 'a', namespace: 'default' };
  await cluster.patch(configMaps, at, { ...map('a'), data: { x: '1' } }, { type: 'apply' });
  const applied = await cluster.patch(configMaps, at, { ...map('a'), data: { y: '2' } }, { type: 'apply' });
  assert.deepEqual(applied.data, { x: '1', y: '2' });
});

await test('a caller gets a copy of its own', async () => {
  const cluster = await startCluster();
  const created = await cluster.create(configMaps, { ...map('a'), data: { x: '1' } });
  created.data = { x: '2' };
  assert.deepEqual((await cluster.get(configMaps, 'a', 'default')).data, { x: '1' });
});

await test('a watch starts with the list, reports every change in order and ends with its signal', async () => {
  const cluster = await startCluster();
  await cluster.create(configMaps, map('a'));
  const stopping = new AbortController();
  const seen: string[] = [];
  const describe = (event: WatchEvent<ConfigMap>): string => {
    if (event.type === 'listed') return `listed ${event.items.map(({ metadata }) => metadata.name).join()}`;
    return event.type === 'lost' ? event.why : `${event.type} ${event.object.metadata.name}`;
  };
  const scope = { namespace: 'default' };
  const watching = (async () => {
    for await (const event of cluster.watch(configMaps, scope, stopping.signal)) {
      seen.push(describe(event));
      if (event.type === 'listed') {
        await cluster.create(configMaps, map('b'));
        await cluster.patch(configMaps, { name: 'a', namespace: 'default' }, { data: { x: '1' } });
        await cluster.delete(configMaps, { name: 'b', namespace: 'default' });
      }
      if (event.type === 'deleted') stopping.abort();
    }
  })();
  await watching;
  assert.deepEqual(seen, ['listed a', 'changed b', 'changed a', 'deleted b']);
});

await test('dependents are deleted after their last owner', async () => {
  const cluster = await startCluster();
  const [first, second] = [
    await cluster.create(configMaps, map('first')),
    await cluster.create(configMaps, map('second')),
  ];
  const child = await cluster.create(configMaps, map('child', [ownedBy(first), ownedBy(second)]));
  await cluster.create(configMaps, map('grandchild', [ownedBy(child)]));
  await cluster.delete(configMaps, { name: 'first', namespace: 'default' });
  const kept = await cluster.get(configMaps, 'child', 'default');
  assert.deepEqual(kept.metadata.ownerReferences, [ownedBy(second)]);
  await cluster.delete(configMaps, { name: 'second', namespace: 'default' });
  assert.deepEqual(await names(cluster), []);
});

await test('an object created with a missing owner is deleted at once', async () => {
  const cluster = await startCluster();
  const owner = await cluster.create(configMaps, map('owner'));
  await cluster.delete(configMaps, { name: 'owner', namespace: 'default' });
  await cluster.create(configMaps, map('late', [ownedBy(owner)]));
  assert.deepEqual(await names(cluster), []);
});

await test('orphaned dependents stay; foreground deletion deletes dependents first', async () => {
  const cluster = await startCluster();
  const at = (name: string): { name: string; namespace: string } => ({ name, namespace: 'default' });
  const owner = await cluster.create(configMaps, map('owner'));
  await cluster.create(configMaps, map('child', [ownedBy(owner)]));
  await cluster.delete(configMaps, at('owner'), { propagation: 'Orphan' });
  const { metadata } = await cluster.get(configMaps, 'child', 'default');
  assert.deepEqual([await names(cluster), metadata.ownerReferences ?? []], [['child'], []]);

  const next = await cluster.create(configMaps, map('next'));
  const held = map('held', [ownedBy(next, { blockOwnerDeletion: true })]);
  await cluster.create(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['x/hold'] } });
  await cluster.delete(configMaps, at('next'), { propagation: 'Foreground' });
  assert.deepEqual(await names(cluster), ['child', 'held', 'next']);
  await cluster.patch(configMaps, at('held'), { metadata: { finalizers: null } });
  assert.deepEqual(await names(cluster), ['child']);
});

await test('deleting a namespace deletes its objects and refuses new ones', async () => {
  const cluster = await startCluster();
  await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  await cluster.create(configMaps, map('free', [], 'team'));
  const held = map('held', [], 'team');
  await cluster.create(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['x/hold'] } });
  await cluster.delete(namespaces, { name: 'team' });
  assert.equal((await cluster.get(namespaces, 'team')).status?.phase, 'Terminating');
  assert.deepEqual(await names(cluster, 'team'), ['held']);
  await assert.rejects(cluster.create(configMaps, map('new', [], 'team')), {
    reason: 'Forbidden',
    message:
      'configmaps "new" is forbidden: unable to create new content in namespace team because it is being terminated',
  });
  await cluster.patch(configMaps, { name: 'held', namespace: 'team' }, { metadata: { finalizers: [] } });
  await assert.rejects(cluster.get(namespaces, 'team'), { reason: 'NotFound' });
});
