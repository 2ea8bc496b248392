import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { storageClasses } from '#src/api/resources.ts';

import { claimsOf, type Claim } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { jsonPatch, mergePatch, messageOf, metadataOf } from './requests.ts';
import { boundByController, provisioners, volumes, volumesOf } from './volumes-of.ts';

const api = await openApi();
const { cluster, storageClass, waitClass } = api.server;
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const { claim, untilClaim, bound } = claimsOf(api);
const { untilVolume, inPhase, patchVolume, released, untilEvent } = volumesOf(api);
const protection = 'kubernetes.io/pv-protection';
const completed = { 'pv.kubernetes.io/bind-completed': 'yes' };
const byController = { [boundByController]: 'yes' };
/** A class that does not exist, so that nothing is provisioned for it. */
const noClass = 'none-such';

/** Creates an unprovisioned volume whose name is unique to this namespace. */
async function volumeByHand(t: TestContext, name: string, spec: object): Promise<string> {
  const own = `${namespace}-${name}`;
  t.after(async () => {
    await api.send('PATCH', `${volumes}/${own}`, { metadata: { finalizers: null } }, mergePatch);
    await api.send('DELETE', `${volumes}/${own}`);
  });
  const answer = await api.send('POST', volumes, {
    metadata: { name: own },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: own,
      hostPath: { path: '/var/none-such' },
      ...spec,
    },
  });
  assert.equal(answer.code, 201);
  assert.deepEqual(metadataOf(answer)['finalizers'], [protection]);
  return own;
}

const volumeOf = ({ volumeName = '' }: Claim['spec']): string => volumeName;

const remove = (name: string) => api.send('DELETE', `${claims}/${name}`);
/** Reserves the volume for the next claim of that name. */
async function reserve(volume: string, name: string): Promise<void> {
  const patch = [{ op: 'add', path: '/spec/claimRef', value: { namespace, name } }];
  assert.equal((await api.send('PATCH', `${volumes}/${volume}`, patch, jsonPatch)).code, 200);
}

test('a class has reclaimPolicy Delete and binds immediately by default', async () => {
  const metadata = { name: `${namespace}-plain` };
  const answer = await api.send('POST', '/apis/storage.k8s.io/v1/storageclasses?dryRun=All', {
    metadata,
    provisioner: 'x.dev/none',
  });
  const { reclaimPolicy, volumeBindingMode } = answer.body;
  assert.deepEqual([answer.code, reclaimPolicy, volumeBindingMode], [201, 'Delete', 'Immediate']);
});

test('a provisioned volume is Bound to its claim, and deleted with it', async () => {
  await claim('provisioned');
  const { metadata, spec, status } = await bound('provisioned');
  const name = `pvc-${metadata.uid}`;
  assert.equal(spec.volumeName, name);
  assert.deepEqual(status?.capacity, { storage: '1Gi' });
  const { provisioner } = await cluster.get(storageClasses, storageClass);
  assert.deepEqual(metadata.annotations, {
    ...completed,
    ...byController,
    'volume.beta.kubernetes.io/storage-provisioner': provisioner,
    'volume.kubernetes.io/storage-provisioner': provisioner,
  });
  const volume = await inPhase(name, 'Bound');
  assert.deepEqual(volume.metadata.finalizers?.toSorted(), [provisioners, protection]);
  assert.equal(volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'], provisioner);
  assert.equal(volume.metadata.annotations[boundByController], undefined);
  assert.equal(volume.spec.persistentVolumeReclaimPolicy, 'Delete');
  const { apiVersion, kind, namespace: home, name: claimName, uid } = volume.spec.claimRef ?? {};
  assert.deepEqual(
    [apiVersion, kind, home, claimName, uid],
    ['v1', 'PersistentVolumeClaim', namespace, 'provisioned', metadata.uid],
  );
  const row = await api.send('GET', `${volumes}/${name}`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const { columnDefinitions, rows } = row.body as unknown as {
    columnDefinitions: { name: string }[];
    rows: { cells: unknown[] }[];
  };
  const cells = Object.fromEntries(columnDefinitions.map((it, index) => [it.name, rows[0]?.cells[index]]));
  assert.deepEqual(
    ['Status', 'Claim', 'Reclaim Policy', 'StorageClass'].map((column) => cells[column]),
    ['Bound', `${namespace}/provisioned`, 'Delete', storageClass],
  );
  await remove('provisioned');
  await untilVolume(name, (it) => it === undefined);
});

test('with Retain the volume stays, Released, until the policy is Delete', async () => {
  await claim('kept');
  const { spec } = await bound('kept');
  const volume = volumeOf(spec);
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Retain' });
  await untilVolume(volume, (it) => it?.metadata.finalizers?.includes(provisioners) === false);
  await remove('kept');
  const free = await inPhase(volume, 'Released');
  assert.deepEqual([free.spec.claimRef?.name, free.metadata.finalizers], ['kept', [protection]]);
  // A new claim of the same name is a different claim.
  await claim('kept');
  assert.notEqual((await bound('kept')).spec.volumeName, volume);
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Delete' });
  await untilVolume(volume, (it) => it === undefined);
});

test('a volume whose claimRef has no uid binds to the next claim of that name, of any class', async () => {
  const volume = await released('old');
  await reserve(volume, 'next');
  const reserved = await inPhase(volume, 'Available');
  assert.equal(reserved.spec.claimRef?.uid, undefined);
  await claim('other', { storageClassName: noClass });
  await claim('next', { storageClassName: waitClass ?? noClass });
  const { metadata, spec, status } = await bound('next');
  assert.equal(spec.volumeName, volume);
  assert.deepEqual(metadata.annotations, { ...completed, ...byController });
  assert.deepEqual(status?.capacity, { storage: '1Gi' });
  const taken = await inPhase(volume, 'Bound');
  assert.equal(taken.spec.claimRef?.uid, metadata.uid);
  assert.equal(taken.metadata.annotations?.[boundByController], undefined);
  assert.equal((await untilClaim('other', () => true))?.status?.phase, 'Pending');
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Delete' });
  await untilVolume(volume, (it) => it?.metadata.finalizers?.includes(provisioners) === true);
  await remove('next');
  await untilVolume(volume, (it) => it === undefined);
});

test('a reserved volume is not used if size, access modes, mode or attributes differ', async () => {
  const volume = await released('fitting');
  await inPhase(volume, 'Released');
  const misfits: Record<string, object> = {
    large: { resources: { requests: { storage: '2Gi' } } },
    shared: { accessModes: ['ReadWriteMany'] },
    raw: { volumeMode: 'Block' },
    fast: { volumeAttributesClassName: 'fast' },
  };
  for (const [name, misfit] of Object.entries(misfits)) {
    await reserve(volume, name);
    await inPhase(volume, 'Available');
    await claim(name, { storageClassName: noClass, ...misfit });
    const why = await untilEvent(name, 'ProvisioningFailed');
    assert.equal(why, `storageclass.storage.k8s.io "${noClass}" not found`);
    assert.equal((await untilClaim(name, () => true))?.status?.phase, 'Pending');
    assert.equal((await inPhase(volume, 'Available')).spec.claimRef?.uid, undefined);
  }
  // A claim with a provisioner gets a new volume, and the reserved one stays as it is.
  for (const misfit of ['large', 'shared']) {
    const name = `${misfit}-of-a-class`;
    await reserve(volume, name);
    await inPhase(volume, 'Available');
    await claim(name, misfits[misfit]);
    assert.notEqual((await bound(name)).spec.volumeName, volume);
    assert.equal((await inPhase(volume, 'Available')).spec.claimRef?.uid, undefined);
  }
  // A volume that the claim names is used regardless of its size.
  await reserve(volume, 'naming');
  await claim('naming', { volumeName: volume, ...misfits['large'] });
  const { metadata, status } = await bound('naming');
  assert.deepEqual([metadata.annotations, status?.capacity], [completed, { storage: '1Gi' }]);
  await remove('naming');
  await inPhase(volume, 'Released');
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Delete' });
  await untilVolume(volume, (it) => it === undefined);
});

test('the policy Delete applies to volumes whose claim is gone, not to Available ones', async () => {
  const volume = await released('before');
  await reserve(volume, 'after');
  await inPhase(volume, 'Available');
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Delete' });
  // Another volume is created and deleted in the meantime.
  await claim('meanwhile');
  const { spec } = await bound('meanwhile');
  await remove('meanwhile');
  await untilVolume(volumeOf(spec), (it) => it === undefined);
  assert.equal((await inPhase(volume, 'Available')).metadata.deletionTimestamp, undefined);
  await patchVolume(volume, { claimRef: { uid: 'of-no-claim' } });
  await untilVolume(volume, (it) => it === undefined);
});

test('a claim whose volume is bound elsewhere is Lost, and Bound again when it gets the volume back', async () => {
  await claim('robbed');
  const { metadata, spec } = await bound('robbed');
  const volume = volumeOf(spec);
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Retain' });
  await reserve(volume, 'someone-else');
  const lost = await untilClaim('robbed', (it) => it?.status?.phase === 'Lost');
  assert.equal(lost?.status?.capacity, undefined);
  assert.equal(
    await untilEvent('robbed', 'ClaimMisbound'),
    'Two claims are bound to the same volume, this one is bound incorrectly',
  );
  await patchVolume(volume, { claimRef: { name: 'robbed', uid: metadata.uid } });
  await bound('robbed');
  await inPhase(volume, 'Bound');
  await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Delete' });
  await remove('robbed');
  await untilVolume(volume, (it) => it === undefined);
});

test('a claim takes its volume back if the volume has no claimRef any more', async (t) => {
  const volume = await volumeByHand(t, 'forgetful', {});
  await inPhase(volume, 'Available');
  await claim('forgotten', { storageClassName: volume });
  const { metadata } = await bound('forgotten');
  await inPhase(volume, 'Bound');
  await patchVolume(volume, { claimRef: null });
  await untilVolume(volume, (it) => it?.spec.claimRef?.uid === metadata.uid && it.status?.phase === 'Bound');
  assert.equal((await bound('forgotten')).spec.volumeName, volume);
});

test('a claim whose volume is deleted is Lost', async (t) => {
  const volume = await volumeByHand(t, 'goes', {});
  await inPhase(volume, 'Available');
  await claim('bereft', { storageClassName: volume });
  const { metadata } = await bound('bereft');
  assert.deepEqual(metadata.annotations, { ...completed, ...byController });
  const taken = await inPhase(volume, 'Bound');
  assert.deepEqual(taken.metadata.annotations, byController);
  const deleted = await api.send('DELETE', `${volumes}/${volume}`);
  assert.deepEqual(metadataOf(deleted)['finalizers'], [protection]);
  await api.send('PATCH', `${volumes}/${volume}`, { metadata: { finalizers: null } }, mergePatch);
  await untilClaim('bereft', (it) => it?.status?.phase === 'Lost');
  assert.equal(
    await untilEvent('bereft', 'ClaimLost'),
    'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  );
});

test('a claim binds to the smallest free volume of its class that is large enough', async (t) => {
  const class_ = `${namespace}-sizes`;
  const sizes = { small: '1Gi', right: '2Gi', large: '3Gi' };
  for (const [name, storage] of Object.entries(sizes)) {
    const volume = await volumeByHand(t, name, { storageClassName: class_, capacity: { storage } });
    await inPhase(volume, 'Available');
  }
  await claim('sized', { storageClassName: class_, resources: { requests: { storage: '1536Mi' } } });
  const { spec, status } = await bound('sized');
  assert.deepEqual([spec.volumeName, status?.capacity], [`${namespace}-right`, { storage: '2Gi' }]);
});

test('an Event says why a claim cannot bind to the volume that it names', async (t) => {
  const volume = await volumeByHand(t, 'named', {});
  await inPhase(volume, 'Available');
  await claim('too-large', {
    storageClassName: volume,
    volumeName: volume,
    resources: { requests: { storage: '2Gi' } },
  });
  assert.equal(
    await untilEvent('too-large', 'VolumeMismatch'),
    `Cannot bind to requested volume "${volume}": requested PV is too small`,
  );
  await reserve(volume, 'its-own');
  await claim('other-one', { storageClassName: volume, volumeName: volume });
  assert.equal(
    await untilEvent('other-one', 'FailedBinding'),
    `volume "${volume}" already bound to a different claim.`,
  );
  assert.equal((await untilClaim('other-one', () => true))?.status?.phase, 'Pending');
});

test('a volume that cannot be deleted is Failed', async (t) => {
  const claimRef = { namespace, name: 'never-was', uid: 'of-no-claim' };
  const volume = await volumeByHand(t, 'undeletable', { persistentVolumeReclaimPolicy: 'Delete', claimRef });
  const { status } = await inPhase(volume, 'Failed');
  const why = 'host_path deleter only supports /tmp/.+ but received provided /var/none-such';
  assert.equal(status?.message, why);
  assert.equal(await untilEvent(volume, 'VolumeFailedDelete'), why);
});

test('the source of a volume is immutable', async (t) => {
  const volume = await volumeByHand(t, 'fixed', {});
  const patch = { spec: { hostPath: { path: '/var/elsewhere' } } };
  const refused = await api.send('PATCH', `${volumes}/${volume}`, patch, mergePatch);
  assert.equal(refused.code, 422);
  assert.match(
    messageOf(refused),
    /spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation/,
  );
  const policy = { spec: { persistentVolumeReclaimPolicy: 'Keep' } };
  const unknown = await api.send('PATCH', `${volumes}/${volume}`, policy, mergePatch);
  assert.deepEqual(
    [unknown.code, messageOf(unknown)],
    [
      422,
      `PersistentVolume "${volume}" is invalid: spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": ` +
        'supported values: "Delete", "Recycle", "Retain"',
    ],
  );
});

test('which nodes can use a volume may be set once', async (t) => {
  const volume = await volumeByHand(t, 'placed', {});
  const on = (node: string) => {
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
    return { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } } };
  };
  const place = (node: string) => api.send('PATCH', `${volumes}/${volume}`, on(node), mergePatch);
  assert.equal((await place('a')).code, 200);
  assert.equal((await place('a')).code, 200);
  const refused = await place('b');
  assert.equal(refused.code, 422);
  assert.match(
    messageOf(refused),
    /nodeAffinity: .*field is immutable, except for updating from beta label to GA/,
  );
});
