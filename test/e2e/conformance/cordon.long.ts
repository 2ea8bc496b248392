import { test } from 'node:test';
import assert from 'node:assert/strict';

import { pods } from '#src/api/resources.ts';
import { listOf, text } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';
import { mergePatch } from './requests.ts';

const api = await openApi();
const { cluster } = api.server;
const { namespace } = api;

async function begin(name: string, spec: object = {}): Promise<void> {
  const containers = [{ name: 'c', image: 'busybox', command: ['/bin/sh', '-c', 'exec sleep 3000'] }];
  const body = { metadata: { name }, spec: { terminationGracePeriodSeconds: 1, containers, ...spec } };
  assert.equal((await api.send('POST', api.at('v1', pods.plural), body)).code, 201);
}

test('a cordoned node accepts only pods that tolerate it, until it is uncordoned', async () => {
  const nodes = listOf((await api.send('GET', '/api/v1/nodes')).body['items']);
  const paths = nodes.map((node) => `/api/v1/nodes/${text(node['metadata']?.['name'])}`);
  const cordon = async (unschedulable: boolean | null) => {
    for (const path of paths) {
      assert.equal((await api.send('PATCH', path, { spec: { unschedulable } }, mergePatch)).code, 200);
    }
  };
  assert.ok(paths.length > 0);
  try {
    await cordon(true);
    await begin('kept-out');
    await begin('let-in', {
      tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }],
    });
    await until(cluster, pods, { namespace }, (all) =>
      all.some(({ metadata, status }) => metadata.name === 'let-in' && status?.phase === 'Running'),
    );
    const [out] = await until(
      cluster,
      pods,
      { namespace, fieldSelector: 'metadata.name=kept-out' },
      ([pod]) =>
        pod?.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'False') ===
        true,
    );
    const told = out?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    assert.equal(told?.reason, 'Unschedulable');
    assert.match(told.message ?? '', /^0\/\d+ nodes are available: .*\b\d+ node\(s\) were unschedulable/);
    assert.equal(out?.spec.nodeName, undefined);
  } finally {
    await cordon(null);
  }
  await until(
    cluster,
    pods,
    { namespace, fieldSelector: 'metadata.name=kept-out' },
    ([pod]) => pod?.status?.phase === 'Running',
  );
});
