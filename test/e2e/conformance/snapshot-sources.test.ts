import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, volumeSnapshotClasses, volumeSnapshots } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';

const api = await openApi();
const { cluster, driver, snapshotClass, storageClass } = api.server;
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const patience = 150_000;
const protection = 'snapshot.storage.kubernetes.io/pvc-as-source-protection';

type Claim = Stored<PersistentVolumeClaim> | undefined;

async function untilClaim(name: string, satisfied: (claim: Claim) => boolean): Promise<Claim> {
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const [found] = await until(cluster, persistentVolumeClaims, scope, ([it]) => satisfied(it), patience);
  return found;
}

async function boundClaim(name: string): Promise<void> {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storageClass,
    resources: { requests: { storage: '1Gi' } },
  };
  assert.equal((await api.send('POST', claims, { metadata: { name }, spec })).code, 201);
  await untilClaim(name, (it) => it?.status?.phase === 'Bound');
}

async function snapshot(name: string, claim: string, volumeSnapshotClassName: string): Promise<void> {
  await cluster.create(volumeSnapshots, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name, namespace },
    spec: { source: { persistentVolumeClaimName: claim }, volumeSnapshotClassName },
  });
}

const isHeld = (claim: Claim): boolean => claim?.metadata.finalizers?.includes(protection) === true;

test('a claim has a finalizer until its snapshot is ready', async () => {
  await boundClaim('quick');
  await snapshot('quick', 'quick', snapshotClass);
  await until(
    cluster,
    volumeSnapshots,
    { namespace },
    (all) => all.some(({ metadata, status }) => metadata.name === 'quick' && status?.readyToUse === true),
    patience,
  );
  await untilClaim('quick', (it) => it !== undefined && !isHeld(it));
});

test('a deleted claim stays while a snapshot of it is not ready, and is gone after that snapshot', async (t) => {
  if (driver === undefined) {
    t.skip('the driver takes no fault parameters');
    return;
  }
  const name = `${namespace}-never`;
  await cluster.create(volumeSnapshotClasses, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name },
    driver,
    deletionPolicy: 'Delete',
    parameters: { fault: 'never-ready' },
  });
  t.after(() => cluster.delete(volumeSnapshotClasses, { name }));
  await boundClaim('slow');
  await snapshot('never', 'slow', name);
  await untilClaim('slow', isHeld);
  await api.send('DELETE', `${claims}/slow`);
  const going = await untilClaim('slow', (it) => it?.metadata.finalizers?.join() === protection);
  assert.notEqual(going?.metadata.deletionTimestamp, undefined);
  await cluster.delete(volumeSnapshots, { name: 'never', namespace });
  await untilClaim('slow', (it) => it === undefined);
});
