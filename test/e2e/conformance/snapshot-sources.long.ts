import assert from 'node:assert/strict';
import { test } from 'node:test';

import { volumeSnapshotClasses, volumeSnapshots } from '#src/api/resources.ts';
import { snapshotClass as buildClass } from '#test/support/classes.ts';
import { until } from '#test/support/until.ts';

import { claimsOf, patience, type Claim } from './claims-of.ts';
import { openApi } from './open-api.ts';

const api = await openApi();
const { cluster, driver, snapshotClass } = api.server;
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const { claim, untilClaim, bound } = claimsOf(api);
const protection = 'snapshot.storage.kubernetes.io/pvc-as-source-protection';

async function boundClaim(name: string): Promise<void> {
  await claim(name);
  await bound(name);
}

async function snapshot(name: string, claim: string, volumeSnapshotClassName: string): Promise<void> {
  await cluster.create(volumeSnapshots, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name, namespace },
    spec: { source: { persistentVolumeClaimName: claim }, volumeSnapshotClassName },
  });
}

const isHeld = (claim: Claim | undefined): boolean =>
  claim?.metadata.finalizers?.includes(protection) === true;

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
  await cluster.create(volumeSnapshotClasses, buildClass(name, driver, { fault: 'never-ready' }));
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
