import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Condition, Stored, Workload } from '#src/api/kubernetes.ts';
import { deployments, pods, replicaSets } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';
import { idle, mergePatch, messageOf } from './requests.ts';

const api = await openApi();
const { cluster } = api.server;
const { namespace } = api;
const at = api.at('apps/v1', 'deployments');

async function untilSeen(
  name: string,
  satisfied: (it: Stored<Workload>) => boolean = () => true,
): Promise<Stored<Workload>> {
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const [seen] = await until(cluster, deployments, scope, ([it]) => {
    return it?.status?.observedGeneration === it?.metadata.generation && it !== undefined && satisfied(it);
  });
  assert.ok(seen);
  return seen;
}

async function imagesOfPods(): Promise<(string | undefined)[]> {
  const { items } = await cluster.list(pods, { namespace, labelSelector: 'app=idle' });
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ spec }) => spec.containers[0]?.image);
}

test('a paused Deployment creates no pods of a new template, and scales those that it has', async () => {
  const paused = { metadata: { name: 'paused' }, spec: idle({ replicas: 2, paused: true }) };
  assert.equal((await api.send('POST', at, paused)).code, 201);
  const isPaused = ({ status }: Stored<Workload>) =>
    ((status?.['conditions'] ?? []) as Condition[]).some(({ reason }) => reason === 'DeploymentPaused');
  await untilSeen('paused', isPaused);
  assert.deepEqual((await cluster.list(replicaSets, { namespace })).items, []);
  const send = (spec: object) => api.send('PATCH', `${at}/paused`, { spec }, mergePatch);
  await send({ paused: false });
  await untilSeen('paused', ({ status }) => status?.replicas === 2);
  const containers = [{ name: 'c', image: 'busybox:other' }];
  await send({ paused: true, replicas: 3, template: { spec: { containers } } });
  await untilSeen('paused', ({ status }) => status?.replicas === 3);
  assert.deepEqual(await imagesOfPods(), ['busybox', 'busybox', 'busybox']);
  await send({ replicas: 0 });
  await untilSeen('paused', ({ status }) => (status?.replicas ?? 0) === 0);
});

test('replicas are an int32', async () => {
  for (const [plural, kind, replicas] of [
    ['deployments', 'Deployment', 100_000_000_000],
    ['statefulsets', 'StatefulSet', 2 ** 31],
    ['replicasets', 'ReplicaSet', 1.5],
  ] as const) {
    const refused = await api.send('POST', api.at('apps/v1', plural), {
      metadata: { name: 'endless' },
      spec: idle({ replicas, serviceName: 's' }),
    });
    assert.equal(refused.code, 400);
    assert.equal(
      messageOf(refused),
      `${kind} in version "v1" cannot be handled as a ${kind}: json: cannot unmarshal number ${replicas} into Go struct field ${kind}Spec.spec.replicas of type int32`,
    );
  }
});
