import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolume } from '#src/api/kubernetes.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { isBound, startCluster } from './running-cluster.ts';

const running = await startCluster();

const source = (name: string) => ({
  dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name },
});
const claimIn = { namespace: 'default' };

async function storageClass(name: string, fields: object): Promise<void> {
  const object = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name } };
  await running.cluster.create(storageClasses, {
    ...object,
    provisioner: 'sandbox.csi.stash.dev',
    ...fields,
  });
}

async function bound(name: string): Promise<PersistentVolume> {
  const claim = await running.until(persistentVolumeClaims, name, isBound);
  return running.cluster.get(persistentVolumes, claim.spec.volumeName ?? '');
}

/** Resolves with the message of the first ProvisioningFailed event of the claim. */
async function failureOf(name: string): Promise<string | undefined> {
  const told = await running.eventsOf(name, 'ProvisioningFailed');
  return told.find((event) => event.startsWith('ProvisioningFailed: '));
}

const handles = async () => (await running.storage.listVolumes()).map(({ handle }) => handle);

test('a claim gets its own volume, which is deleted with it', async () => {
  await running.claim('plain');
  const volume = await bound('plain');
  const claim = await running.cluster.get(persistentVolumeClaims, 'plain', 'default');
  const name = `pvc-${claim.metadata.uid}`;
  assert.equal(volume.metadata.name, name);
  assert.deepEqual(volume.spec.csi, { driver: 'sandbox.csi.stash.dev', volumeHandle: name });
  assert.equal(volume.spec.claimRef?.uid, claim.metadata.uid);
  assert.equal(claim.spec.storageClassName, 'sandbox');
  assert.equal(
    claim.metadata.annotations?.['volume.kubernetes.io/storage-provisioner'],
    'sandbox.csi.stash.dev',
  );
  assert.deepEqual(claim.status, {
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
  });
  assert.deepEqual((await running.eventsOf('plain', 'ProvisioningSucceeded')).slice(-1), [
    `ProvisioningSucceeded: Successfully provisioned volume ${name}`,
  ]);
  assert.ok((await handles()).includes(name));
  await running.cluster.delete(persistentVolumeClaims, { name: 'plain', ...claimIn });
  await running.gone(persistentVolumes, name);
  assert.ok(!(await handles()).includes(name));
});

test('a volume of a class with Retain outlives its claim', async () => {
  await storageClass('keep', { reclaimPolicy: 'Retain' });
  await running.claim('kept', { storageClassName: 'keep' });
  const { metadata } = await bound('kept');
  const name = metadata.name ?? '';
  await running.cluster.delete(persistentVolumeClaims, { name: 'kept', ...claimIn });
  await running.until(persistentVolumes, name, (it) => it?.status?.phase === 'Released');
  await running.cluster.delete(persistentVolumes, { name });
  await running.gone(persistentVolumes, name);
  assert.ok((await handles()).includes(name), 'the data stays');
});

test('the data is deleted once the policy is Delete and the claim is gone, not before', async () => {
  const patch = (name: string, spec: object) => running.cluster.patch(persistentVolumes, { name }, { spec });
  const phase = (name: string, wanted: string) =>
    running.until(persistentVolumes, name, (it) => it?.status?.phase === wanted);
  await running.claim('first');
  const name = (await bound('first')).metadata.name ?? '';
  await patch(name, { persistentVolumeReclaimPolicy: 'Retain' });
  await running.cluster.delete(persistentVolumeClaims, { name: 'first', ...claimIn });
  await phase(name, 'Released');
  await patch(name, { claimRef: { name: 'second', uid: null } });
  await phase(name, 'Available');
  await patch(name, { persistentVolumeReclaimPolicy: 'Delete' });
  await running.claim('second');
  assert.equal((await bound('second')).metadata.name, name);
  assert.ok((await handles()).includes(name));
  await running.cluster.delete(persistentVolumeClaims, { name: 'second', ...claimIn });
  await running.gone(persistentVolumes, name);
  assert.ok(!(await handles()).includes(name));
});

test('a claim without a class binds to the volume reserved for it, and no other', async () => {
  for (const name of ['free', 'reserved']) {
    const claimRef = name === 'reserved' ? { claimRef: { namespace: 'default', name: 'static' } } : {};
    await running.cluster.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        capacity: { storage: '2Gi' },
        accessModes: ['ReadWriteOnce'],
        ...{ hostPath: { path: '/nowhere' } },
        // A volume without a class could bind to any claim without one.
        ...(name === 'free' && { storageClassName: 'other' }),
        ...claimRef,
      },
    });
    await running.until(persistentVolumes, name, (it) => it?.status?.phase === 'Available');
  }
  await running.claim('static', { storageClassName: '' });
  assert.equal((await bound('static')).metadata.name, 'reserved');
  await running.claim('none', { storageClassName: '' });
  await running.eventsOf('none', 'FailedBinding');
});

test('an Event says why a claim stays Pending, and it binds once the reason is gone', async () => {
  await running.claim('no-class', { storageClassName: 'later' });
  assert.deepEqual(await running.eventsOf('no-class', 'ProvisioningFailed'), [
    'ProvisioningFailed: storageclass.storage.k8s.io "later" not found',
  ]);
  await storageClass('later', {});
  await bound('no-class');

  await storageClass('foreign', { provisioner: 'ebs.csi.aws.com' });
  await running.claim('elsewhere', { storageClassName: 'foreign' });
  const [event] = await running.eventsOf('elsewhere', 'ExternalProvisioning');
  assert.match(event ?? '', /created either by the external provisioner 'ebs.csi.aws.com' or manually/);
});

test('a claim from a snapshot needs an existing, ready snapshot that is not larger', async () => {
  await running.claim('early', source('snap'));
  const failed = (await running.eventsOf('early', 'ProvisioningFailed')).at(-1);
  assert.equal(
    failed,
    'ProvisioningFailed: failed to provision volume with StorageClass "sandbox": error getting handle for DataSource Type ' +
      'VolumeSnapshot by Name snap: error getting snapshot snap from api server: volumesnapshots.snapshot.storage.k8s.io "snap" not found',
  );
  await running.claim('origin');
  await bound('origin');
  await running.snapshot('snap', 'origin');
  await running.until(volumeSnapshots, 'snap', (it) => it?.status?.readyToUse === true);
  await bound('early');

  await running.claim('tight', { ...source('snap'), resources: { requests: { storage: '512Mi' } } });
  const why = await failureOf('tight');
  assert.match(
    why ?? '',
    /requested volume size 536870912 is less than the size 1073741824 for the source snapshot snap$/,
  );
  const tight = await running.cluster.get(persistentVolumeClaims, 'tight', 'default');
  assert.equal(tight.status?.phase, 'Pending');
});

test('faults of a storage class', async () => {
  const fault = (name: string) => storageClass(name, { parameters: { fault: name } });
  for (const name of ['full', 'error-once', 'never-ready']) {
    await fault(name);
    await running.claim(name, { storageClassName: name });
  }
  const full = await failureOf('full');
  assert.match(
    full ?? '',
    /failed to provision volume with StorageClass "full": rpc error: code = ResourceExhausted desc = pvc-/,
  );
  const never = await failureOf('never-ready');
  assert.match(never ?? '', /rpc error: code = DeadlineExceeded desc = context deadline exceeded$/);
  await bound('error-once');
  const once = await failureOf('error-once');
  assert.match(once ?? '', /rpc error: code = Internal/);
});
