import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored, Workload } from '#src/api/kubernetes.ts';
import {
  apiVersionOf,
  daemonSets,
  deployments,
  persistentVolumeClaims,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
  type Resource,
} from '#src/api/resources.ts';

import { isBound, startCluster } from './running-cluster.ts';

const running = await startCluster();

const here = (name: string) => ({ name, namespace: 'default' });

async function create(resource: Resource<Workload>, name: string, spec: object = {}): Promise<void> {
  const labels = { app: name };
  await running.cluster.create(resource, {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: here(name),
    spec: {
      selector: resource === replicationControllers ? labels : { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx:1' }] } },
      ...spec,
    },
  });
}

function podNames(app: string): Promise<string[]> {
  return running.cluster
    .list(pods, { labelSelector: `app=${app}` })
    .then(({ items }) => items.map(({ metadata }) => metadata.name).sort());
}

const available = (wanted: number) => (it: Stored<Workload> | undefined) =>
  it?.status?.['availableReplicas'] === wanted &&
  it.status['updatedReplicas'] === wanted &&
  it.status.replicas === wanted &&
  it.status.observedGeneration === it.metadata.generation;

const image = (name: string) => ({
  spec: { template: { spec: { containers: [{ name: 'main', image: name }] } } },
});

test('replicas beyond an int32 are refused, and the most that fit do not hold the server up', async () => {
  for (const [resource, replicas] of [
    [deployments, 100_000_000_000],
    [statefulSets, 2 ** 31],
    [replicaSets, 1.5],
  ] as const) {
    await assert.rejects(create(resource, 'endless', { replicas }), (error: Error) =>
      error.message.endsWith(`into Go struct field ${resource.kind}Spec.spec.replicas of type int32`),
    );
  }
  await create(statefulSets, 'endless', { replicas: 2 ** 31 - 1 });
  await running.until(pods, 'endless-0', (it) => it !== undefined);
  await running.cluster.delete(statefulSets, here('endless'));
  await running.gone(statefulSets, 'endless');
});

test('a paused deployment creates no pods of a new template, and scales those it has', async () => {
  await create(deployments, 'paused', { replicas: 2, paused: true });
  const isSeen = (it: Stored<Workload> | undefined) =>
    it?.status?.observedGeneration === it?.metadata.generation;
  const at = await running.until(deployments, 'paused', isSeen);
  const [, progressing] = at.status?.['conditions'] as { status: string; reason: string }[];
  assert.deepEqual([progressing?.status, progressing?.reason], ['Unknown', 'DeploymentPaused']);
  assert.deepEqual(await podNames('paused'), []);
  await running.cluster.patch(deployments, here('paused'), { spec: { paused: false } });
  await running.until(deployments, 'paused', available(2));
  const before = await podNames('paused');
  await running.cluster.patch(deployments, here('paused'), {
    spec: { paused: true, replicas: 3, ...image('nginx:2').spec },
  });
  await running.until(deployments, 'paused', (it) => isSeen(it) && it?.status?.['availableReplicas'] === 3);
  const after = await podNames('paused');
  assert.ok(before.every((name) => after.includes(name)));
  await running.cluster.patch(deployments, here('paused'), { spec: { replicas: 0 } });
  await running.until(deployments, 'paused', (it) => isSeen(it) && it?.status?.replicas === 0);
});

for (const strategy of [{ type: 'RollingUpdate' }, { type: 'Recreate' }]) {
  test(`a deployment becomes ready, scales, rolls out (${strategy.type}) and is deleted`, async () => {
    const name = strategy.type.toLowerCase();
    await create(deployments, name, { replicas: 3, strategy });
    const up = await running.until(deployments, name, available(3));
    const conditions = up.status?.['conditions'] as { type: string; status: string; reason: string }[];
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
      ['Available=True MinimumReplicasAvailable', 'Progressing=True NewReplicaSetAvailable'],
    );
    await running.cluster.patch(deployments, here(name), { spec: { replicas: 5 } });
    await running.until(deployments, name, available(5));
    await running.cluster.patch(deployments, here(name), image('nginx:2'));
    await running.until(deployments, name, available(5));
    const all = await running.cluster.list(pods, { labelSelector: `app=${name}` });
    const items = all.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (strategy.type === 'Recreate') assert.equal(all.items.length, 5, 'none of the old ones is left');
    assert.deepEqual(new Set(items.map(({ spec }) => spec.containers[0]?.image)), new Set(['nginx:2']));
    const sets = (await running.cluster.list(replicaSets, { labelSelector: `app=${name}` })).items;
    assert.deepEqual(sets.map(({ spec }) => spec.replicas).sort(), [0, 5]);
    await running.cluster.patch(deployments, here(name), image('nginx:1'));
    await running.until(deployments, name, available(5));
    assert.equal((await running.cluster.list(replicaSets, { labelSelector: `app=${name}` })).items.length, 2);
    await running.cluster.patch(deployments, here(name), { spec: { replicas: 0 } });
    await running.until(deployments, name, available(0));
    await running.cluster.delete(deployments, here(name));
    await running.untilAll(
      replicaSets,
      (all) => !all.some(({ metadata }) => metadata.labels?.['app'] === name),
    );
  });
}

test('a pod that is deleted is replaced', async () => {
  for (const resource of [replicaSets, replicationControllers, daemonSets]) {
    const name = resource.plural;
    await create(resource, name, resource === daemonSets ? {} : { replicas: 1 });
    const isUp = (it: Stored<Workload> | undefined) =>
      it?.status?.readyReplicas === 1 || it?.status?.['numberReady'] === 1;
    await running.until(resource, name, isUp);
    const [first, ...others] = await podNames(name);
    assert.deepEqual(others, []);
    await running.cluster.delete(pods, here(first ?? ''));
    await running.untilAll(pods, (all) =>
      all.some(
        ({ metadata, status }) =>
          metadata.labels?.['app'] === name && metadata.name !== first && status?.phase === 'Running',
      ),
    );
    await running.until(resource, name, isUp);
    await running.gone(pods, first ?? '');
    assert.equal((await podNames(name)).length, 1, 'by one pod');
  }
});

test('a stateful set starts its pods in order, each with its own claim', async () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await create(statefulSets, 'db', {
    replicas: 3,
    serviceName: 'db',
    ordinals: { start: 2 },
    volumeClaimTemplates: [{ metadata: { name: 'data', labels: { tier: 'db' } }, spec }],
  });
  await running.until(statefulSets, 'db', available(3));
  assert.deepEqual(await podNames('db'), ['db-2', 'db-3', 'db-4']);
  const { items } = await running.cluster.list(pods, { labelSelector: 'app=db' });
  const volumes = items.flatMap((pod) => pod.spec.volumes?.map((it) => it.persistentVolumeClaim?.claimName));
  assert.deepEqual(volumes, ['data-db-2', 'data-db-3', 'data-db-4']);
  const versions = items.map(({ metadata }) => Date.parse(metadata.creationTimestamp));
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
  const claim = await running.cluster.get(persistentVolumeClaims, 'data-db-2', 'default');
  assert.deepEqual(claim.metadata.labels, { app: 'db', tier: 'db' });

  await running.cluster.patch(statefulSets, here('db'), { spec: { replicas: 1 } });
  await running.until(statefulSets, 'db', available(1));
  assert.deepEqual(await podNames('db'), ['db-2']);
  assert.equal((await running.cluster.list(persistentVolumeClaims)).items.length, 3, 'claims are kept');

  await running.cluster.patch(statefulSets, here('db'), image('nginx:2'));
  const updated = await running.until(
    statefulSets,
    'db',
    (it) => available(1)(it) && it?.status?.['currentRevision'] === it?.status?.['updateRevision'],
  );
  assert.equal(updated.status?.['updatedReplicas'], 1);
  await running.cluster.delete(statefulSets, here('db'));
  await running.gone(pods, 'db-2');
  assert.equal((await running.cluster.list(persistentVolumeClaims)).items.length, 3);
});

test('a stateful set waits for a terminating claim', async () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await create(statefulSets, 'cache', { volumeClaimTemplates: [{ metadata: { name: 'tmp' }, spec }] });
  await running.until(statefulSets, 'cache', available(1));
  await running.cluster.delete(persistentVolumeClaims, here('tmp-cache-0'));
  const going = await running.until(
    persistentVolumeClaims,
    'tmp-cache-0',
    (it) => it?.metadata.deletionTimestamp !== undefined,
  );
  await running.cluster.delete(pods, here('cache-0'));
  const { metadata } = await running.until(
    persistentVolumeClaims,
    'tmp-cache-0',
    (it) => it?.metadata.uid !== going.metadata.uid && it?.status?.phase === 'Bound',
  );
  assert.equal(metadata.deletionTimestamp, undefined);
  await running.until(statefulSets, 'cache', available(1));
});

test('the claim of a generic ephemeral volume is deleted with its pod', async () => {
  const spec = { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } } };
  await running.cluster.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: here('scratchy'),
    spec: {
      containers: [
        { name: 'main', image: 'nginx', volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] },
      ],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }],
    },
  });
  const { metadata } = await running.until(pods, 'scratchy', (it) => it?.status?.phase === 'Running');
  const claim = await running.cluster.get(persistentVolumeClaims, 'scratchy-scratch', 'default');
  assert.deepEqual([claim.metadata.ownerReferences?.[0]?.uid, isBound(claim)], [metadata.uid, true]);
  await running.cluster.delete(pods, here('scratchy'));
  await running.gone(persistentVolumeClaims, 'scratchy-scratch');
});
