/** What keeps a claim that is being deleted, and what is deleted with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, pods, type Resource } from '#src/api/resources.ts';
import { text } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { reader } from '../manifests.ts';
import { claimSpec, claimsOf, patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { jsonPatch, messageOf, metadataOf } from './requests.ts';

const api = await openApi();
const { cluster } = api.server;
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const maps = api.at('v1', 'configmaps');
const configMaps: Resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
const { claim, untilClaim, bound } = claimsOf(api);
const protection = 'kubernetes.io/pvc-protection';
const hold = 'x.dev/hold';

/** Resolves with the UID of a bound claim that has our finalizer. */
async function heldClaim(name: string): Promise<string> {
  await claim(name);
  const { uid } = (await bound(name)).metadata;
  const answer = await addHold(name, uid);
  assert.deepEqual([answer.code, metadataOf(answer)['finalizers']], [200, [protection, hold]]);
  return uid;
}

function addHold(name: string, uid: string) {
  const patch = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/metadata/finalizers/-', value: hold },
  ];
  return api.send('PATCH', `${claims}/${name}`, patch, jsonPatch);
}

/** Removes our finalizer, wherever it is in the list by now. */
async function dropHold(name: string): Promise<void> {
  for (;;) {
    const { metadata } = await cluster.get(persistentVolumeClaims, name, namespace);
    const path = `/metadata/finalizers/${metadata.finalizers?.indexOf(hold)}`;
    const patch = [
      { op: 'test', path, value: hold },
      { op: 'remove', path },
    ];
    const { code } = await api.send('PATCH', `${claims}/${name}`, patch, jsonPatch);
    if (code === 200) return;
    // A controller has removed another finalizer meanwhile.
    assert.equal(code, 422);
  }
}

async function owned(name: string, owner: { readonly name: string; readonly uid: string }): Promise<void> {
  const reference = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...owner };
  const made = await api.send('POST', maps, { metadata: { name, ownerReferences: [reference] } });
  assert.equal(made.code, 201);
}

function untilMap(name: string, satisfied: (map: KubernetesObject | undefined) => boolean) {
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  return until(cluster, configMaps, scope, ([it]) => satisfied(it), patience);
}

/** Resolves with the name of a pod that runs and mounts the claim. */
async function userOf(claimName: string): Promise<string> {
  const { name } = (
    await cluster.create(pods, {
      ...reader([claimName]),
      metadata: { name: `user-of-${claimName}`, namespace },
    })
  ).metadata;
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  await until(cluster, pods, scope, ([it]) => it?.status?.phase === 'Running', patience);
  return name;
}

test('a claim that is being deleted accepts no finalizer', async () => {
  const uid = await heldClaim('closing');
  await api.send('DELETE', `${claims}/closing`);
  await untilClaim('closing', (it) => it?.metadata.finalizers?.join() === hold);
  const patch = [{ op: 'add', path: '/metadata/finalizers/-', value: 'x.dev/late' }];
  const refused = await api.send('PATCH', `${claims}/closing`, patch, jsonPatch);
  assert.equal(refused.code, 422);
  assert.equal(
    messageOf(refused),
    'PersistentVolumeClaim "closing" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if ' +
      'the object is being deleted, found new finalizers []string{"x.dev/late"}',
  );
  assert.equal((await cluster.get(persistentVolumeClaims, 'closing', namespace)).metadata.uid, uid);
  await dropHold('closing');
  assert.equal((await api.send('GET', `${claims}/closing`)).code, 404);
});

test('our finalizer, the protection of a used claim and the deletion of its owned objects end in any order', async () => {
  for (const first of ['pod', 'hold'] as const) {
    const name = `${first}-first`;
    const uid = await heldClaim(name);
    await owned(`${name}-child`, { name, uid });
    const pod = await userOf(name);
    const preconditions = { uid };
    const deleted = await api.send('DELETE', `${claims}/${name}`, {
      preconditions,
      propagationPolicy: 'Orphan',
    });
    assert.deepEqual(metadataOf(deleted)['finalizers'], [protection, hold, 'orphan']);
    await untilMap(`${name}-child`, (it) => it !== undefined && it.metadata.ownerReferences === undefined);
    await untilClaim(name, (it) => it?.metadata.finalizers?.join() === [protection, hold].join());

    const steps = { pod: () => cluster.delete(pods, { name: pod, namespace }), hold: () => dropHold(name) };
    await steps[first]();
    await untilClaim(name, (it) => it?.metadata.finalizers?.join() === (first === 'pod' ? hold : protection));
    await steps[first === 'pod' ? 'hold' : 'pod']();
    await untilClaim(name, (it) => it === undefined);
    assert.equal((await api.send('GET', `${maps}/${name}-child`)).code, 200);
  }
});

test('objects that a claim owns are deleted after it without Orphan', async () => {
  await claim('parent');
  const { uid } = (await bound('parent')).metadata;
  await owned('child-of-parent', { name: 'parent', uid });
  await api.send('DELETE', `${claims}/parent`, { propagationPolicy: 'Background' });
  await untilMap('child-of-parent', (it) => it === undefined);
});

test('a claim whose owner is a pod of the past is deleted', async () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'of-the-past', uid: crypto.randomUUID() };
  const made = await api.send('POST', claims, {
    metadata: { name: 'outlived', ownerReferences: [owner] },
    spec: claimSpec(api.server.storageClass),
  });
  const uid = text(metadataOf(made)['uid']);
  await untilClaim('outlived', (it) => it?.metadata.uid !== uid);
});
