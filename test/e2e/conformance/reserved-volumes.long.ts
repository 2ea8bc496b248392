/** Volumes that are reserved for the next claim of a name while a claim of that name still lives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { events, pods, statefulSets } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { statefulSet } from '../manifests.ts';
import { claimsOf, patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { messageOf } from './requests.ts';
import { boundByController, volumesOf } from './volumes-of.ts';

const api = await openApi();
const { cluster, storageClass, waitClass } = api.server;
const { namespace } = api;
const { claim, untilClaim, bound } = claimsOf(api);
const { inPhase, patchVolume, released, reserve, reserved, discard, untilEvent } = volumesOf(api);
const claims = api.at('v1', 'persistentvolumeclaims');
const ofModes = [
  { mode: 'Immediate', storageClassName: storageClass },
  ...(waitClass === undefined ? [] : [{ mode: 'WaitForFirstConsumer', storageClassName: waitClass }]),
];

/** Resolves when the claim is gone. */
async function remove(name: string): Promise<void> {
  const { uid } = (await bound(name)).metadata;
  await api.send('DELETE', `${claims}/${name}`);
  await untilClaim(name, (it) => it?.metadata.uid !== uid);
}

async function isProvisioned(uid: string): Promise<boolean> {
  const seen = (await cluster.list(events, { namespace })).items;
  return seen.some(
    ({ involvedObject, reason }) => involvedObject.uid === uid && reason?.startsWith('Provisioning') === true,
  );
}

for (const { mode, storageClassName } of ofModes) {
  test(`${mode}: a volume is reserved for the name of a living claim, and the next claim of that name binds to it`, async () => {
    const name = `live-${mode.toLowerCase()}`;
    const old = await reserved(name);
    await claim(name, { storageClassName, volumeName: old });
    const before = [await bound(name), await inPhase(old, 'Bound')];
    const volume = await reserved(name);
    // Binding another claim shows that the controller has had time to look at these.
    await claim(`other-${name}`);
    await bound(`other-${name}`);
    const after = [await bound(name), await inPhase(old, 'Bound')];
    assert.deepEqual(
      after.map(({ metadata }) => metadata.resourceVersion),
      before.map(({ metadata }) => metadata.resourceVersion),
    );

    await remove(name);
    await inPhase(old, 'Released');
    const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'of-the-past' };
    await claim(name, { storageClassName, dataSource });
    const { metadata, spec } = await bound(name);
    assert.equal(spec.volumeName, volume);
    assert.equal(await isProvisioned(metadata.uid), false);
    assert.equal((await inPhase(volume, 'Bound')).spec.claimRef?.uid, metadata.uid);
    await remove(name);
    await inPhase(volume, 'Released');
    await discard(old);
    await discard(volume);
  });

  test(`${mode}: a StatefulSet's claim binds to the volume that is reserved for its name`, async () => {
    const name = `set-${mode.toLowerCase()}`;
    const claimName = `source-data-${name}-0`;
    const volume = await reserved(claimName);
    const set = statefulSet(name, 1, storageClassName);
    await cluster.create(statefulSets, { ...set, metadata: { ...set.metadata, namespace } });
    const { metadata, spec } = await bound(claimName);
    assert.equal(spec.volumeName, volume);
    const scope = { namespace, labelSelector: `app=${name}` };
    await until(cluster, pods, scope, ([it]) => it?.status?.phase === 'Running', patience);
    assert.equal(await isProvisioned(metadata.uid), false);
    const taken = await inPhase(volume, 'Bound');
    assert.equal(taken.metadata.annotations?.[boundByController], undefined);
    await cluster.delete(statefulSets, { name, namespace });
    await remove(claimName);
    await discard(volume);
  });
}

test('a reservation fails if the volume has another claim', async () => {
  const volume = await inPhase(await released('tested'), 'Released');
  const refused = await reserve(volume, 'next', 'of-another');
  assert.equal(refused.code, 422);
  assert.match(messageOf(refused), /^the server rejected our request due to an error in our request/);
  const { metadata, spec } = await inPhase(volume.metadata.name, 'Released');
  assert.deepEqual(
    [metadata.resourceVersion, spec.claimRef],
    [volume.metadata.resourceVersion, volume.spec.claimRef],
  );
  await discard(volume.metadata.name);
});

test('of two volumes that are reserved for a name, a claim gets the one that it names', async () => {
  const both = [await reserved('torn'), await reserved('torn')];
  for (const volumeName of both) {
    const other = both.find((it) => it !== volumeName) ?? '';
    await claim('torn', { volumeName });
    assert.equal((await bound('torn')).spec.volumeName, volumeName);
    assert.equal((await inPhase(other, 'Available')).spec.claimRef?.uid, undefined);
    await remove('torn');
    const volume = await inPhase(volumeName, 'Released');
    if (volumeName === both[0]) assert.equal((await reserve(volume, 'torn')).code, 200);
  }
  for (const volume of both) await discard(volume);
});

test('a claim is Lost while its volume is reserved for its own name', async () => {
  await claim('unnamed');
  const { metadata, spec } = await bound('unnamed');
  const { volumeName = '' } = spec;
  await patchVolume(volumeName, { claimRef: { uid: null } });
  await untilClaim('unnamed', (it) => it?.status?.phase === 'Lost');
  assert.equal(
    await untilEvent('unnamed', 'ClaimMisbound'),
    'Two claims are bound to the same volume, this one is bound incorrectly',
  );
  await inPhase(volumeName, 'Available');
  await patchVolume(volumeName, { claimRef: { uid: metadata.uid } });
  await bound('unnamed');
  await inPhase(volumeName, 'Bound');
});
