import { test } from 'node:test';
import assert from 'node:assert/strict';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
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

async function untilPod(name: string, satisfied: (pod: Stored<Pod>) => boolean): Promise<Stored<Pod>> {
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const [pod] = await until(cluster, pods, scope, ([it]) => it !== undefined && satisfied(it));
  assert.ok(pod);
  return pod;
}

const scheduledOf = ({ status }: Pod) => status?.conditions?.find(({ type }) => type === 'PodScheduled');

/**
 * Creates pods until the scheduler refuses one, and resolves with that one. The scheduler learns of nodes and pods
 * independently, so it may still schedule the first.
 */
async function untilRefused(): Promise<Stored<Pod>> {
  for (let count = 1; ; count += 1) {
    const name = `kept-out-${count}`;
    await begin(name);
    const decided = await untilPod(name, (it) => scheduledOf(it) !== undefined);
    if (scheduledOf(decided)?.status === 'False') return decided;
  }
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
  let keptOut = '';
  try {
    await cordon(true);
    await begin('let-in', {
      tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }],
    });
    await untilPod('let-in', ({ status }) => status?.phase === 'Running');
    const out = await untilRefused();
    keptOut = out.metadata.name;
    const told = scheduledOf(out);
    assert.equal(told?.reason, 'Unschedulable');
    assert.match(told.message ?? '', /^0\/\d+ nodes are available: .*\b\d+ node\(s\) were unschedulable/);
    assert.equal(out.spec.nodeName, undefined);
  } finally {
    await cordon(null);
  }
  await untilPod(keptOut, ({ status }) => status?.phase === 'Running');
});
