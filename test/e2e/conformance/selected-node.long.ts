import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { nodes, pods, volumeSnapshots } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { claimSpec, claimsOf, patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { mergePatch } from './requests.ts';

const api = await openApi();
const { cluster, snapshotClass, waitClass = '' } = api.server;
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const { claim, untilClaim, bound } = claimsOf(api);
const selectedNode = 'volume.kubernetes.io/selected-node';
const skip = waitClass === '' && 'E2E_STORAGE_CLASS_WAIT is not set';

async function annotations(): Promise<Record<string, string>> {
  const [node] = (await cluster.list(nodes)).items;
  return { [selectedNode]: node?.metadata.name ?? '' };
}

async function selected(name: string, spec: object = {}): Promise<void> {
  const made = await api.send('POST', claims, {
    metadata: { name, annotations: await annotations() },
    spec: { ...claimSpec(waitClass), ...spec },
  });
  assert.equal(made.code, 201);
}

suite('the node of a claim with WaitForFirstConsumer', { skip }, () => {
  test('a claim that names its node is provisioned without a pod, empty and from a snapshot', async () => {
    await selected('empty');
    await bound('empty');
    await cluster.create(volumeSnapshots, {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name: 'cut', namespace },
      spec: { source: { persistentVolumeClaimName: 'empty' }, volumeSnapshotClassName: snapshotClass },
    });
    await until(cluster, volumeSnapshots, { namespace }, ([it]) => it?.status?.readyToUse === true, patience);
    const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'cut' };
    await selected('filled', { dataSource });
    const { metadata } = await bound('filled');
    assert.deepEqual({ ...metadata.annotations, ...(await annotations()) }, metadata.annotations);
    assert.deepEqual((await cluster.list(pods, { namespace })).items, []);
  });

  test('a waiting claim is provisioned when it gets a node', async () => {
    await claim('waiting', { storageClassName: waitClass });
    await claim('immediate');
    await bound('immediate');
    assert.equal((await untilClaim('waiting', () => true))?.status?.phase, 'Pending');
    const patch = { metadata: { annotations: await annotations() } };
    assert.equal((await api.send('PATCH', `${claims}/waiting`, patch, mergePatch)).code, 200);
    await bound('waiting');
  });
});
