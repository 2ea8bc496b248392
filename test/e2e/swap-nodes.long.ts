/** The new volumes of a restore in place are made where the pods can use them, or the restore fails and changes nothing. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import { label } from '#src/api/labels.ts';
import {
  deployments,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  restoreSessions,
  storageClasses,
} from '#src/api/resources.ts';
import { readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { storageClass } from '#test/support/classes.ts';

import { claim, deployment, mountPath, quiet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const { cluster } = server;
const administrator = { identity: undefined };
const proof = `${mountPath('data')}/proof`;
const restore = 'restore deploy/web --in-place --yes';
const skip = server.driver === driverName ? false : 'its classes are for the driver of the sandbox';
const placeless =
  server.advance === undefined && 'on a control plane, the driver says nothing of zones, and rejects no node';

interface Home {
  readonly place: Place;
  readonly read: () => Promise<string>;
  /** Replaces the class of the claim by another one of its name. */
  readonly reclass: (parameters: Record<string, string>, more?: object) => Promise<void>;
}

/** A Deployment whose claim has a class of its own, with the data of a restore point overwritten. */
async function openHome(t: TestContext, more: object): Promise<Home> {
  const place = await openPlace(t, server);
  const { namespace } = place;
  const make = async (parameters: Record<string, string>, changes: object) => {
    await cluster.create(storageClasses, { ...storageClass(namespace, driverName, parameters), ...changes });
  };
  await make({}, more);
  t.after(() => cluster.delete(storageClasses, { name: namespace }));
  t.after(() => place.giveUpVolumes());
  await place.create(persistentVolumeClaims, claim('data', namespace));
  const workload = quiet(deployment('web', ['data']));
  await place.create(deployments, workload);
  const sh = async (script: string) => {
    const [pod = ''] = await place.running('web');
    return place.sh(pod, script);
  };
  await sh(`echo before > ${proof}`);
  await place.succeeds('snapshot deploy/web --executor=local', administrator);
  await sh(`echo after > ${proof}`);
  return {
    place,
    read: () => sh(`cat ${proof}`),
    async reclass(parameters, changes = more) {
      await cluster.delete(storageClasses, { name: namespace });
      await make(parameters, changes);
    },
  };
}

async function assertNothingChanged({ place, read }: Home, before: readonly string[]): Promise<void> {
  assert.deepEqual(await podsOf(place), before);
  assert.equal(await read(), 'after');
  await place.until(persistentVolumeClaims, (all) => all.length === 1);
  assert.deepEqual(
    (await place.list(restoreSessions)).map(({ status }) => status?.phase),
    ['Failed'],
  );
  const marked = (await cluster.list(persistentVolumes, { labelSelector: label.restoreSession })).items;
  assert.deepEqual(
    marked.filter((each) => readSwapped(each)?.namespace === place.namespace),
    [],
  );
}

async function podsOf(place: Place): Promise<string[]> {
  return (await place.list(pods)).map(({ metadata }) => metadata.uid);
}

const late = { volumeBindingMode: 'WaitForFirstConsumer' };
const zoneKey = `topology.${driverName}/zone`;
const inZone = (zone: string) => ({
  allowedTopologies: [{ matchLabelExpressions: [{ key: zoneKey, values: [zone] }] }],
});

await suite('where a restore in place makes its volumes', { concurrency: 4, skip }, () => {
  test('the node that the claim was made for is gone: the volume is made for another', async (t) => {
    const { place, read } = await openHome(t, late);
    await place.scale(deployments, 'web', 0);
    const metadata = { annotations: { [selectedNode]: 'gone' } };
    await cluster.patch(persistentVolumeClaims, { name: 'data', namespace: place.namespace }, { metadata });
    const { stderr } = await place.succeeds(restore, administrator);
    await place.scale(deployments, 'web', 1);
    assert.equal(await read(), 'before', stderr);
  });

  test('no node has room: the restore fails, and the workload runs on', { skip: placeless }, async (t) => {
    const home = await openHome(t, late);
    const before = await podsOf(home.place);
    await home.reclass({ fault: 'full' });
    const { code, stderr } = await home.place.stash(restore, administrator);
    assert.equal(code, 4, stderr);
    const [node] = (await cluster.list(nodes)).items;
    assert.match(
      stderr,
      new RegExp(`no volume was made for node ${node?.metadata.name ?? ''}, and no other`),
    );
    await assertNothingChanged(home, before);
  });

  test(
    'a volume in another zone: the restore gives it up, and the workload runs on',
    { skip: placeless },
    async (t) => {
      const home = await openHome(t, inZone('a'));
      const before = await podsOf(home.place);
      await home.reclass({}, inZone('b'));
      const { code, stderr } = await home.place.stash(restore, administrator);
      assert.equal(code, 4, stderr);
      assert.match(
        stderr,
        /the new volume of claim data is usable on nodes with \S*zone=b, the present one on nodes with \S*zone=a/,
      );
      await assertNothingChanged(home, before);
    },
  );

  test('WaitForFirstConsumer: the new volume is in the zone of the pod', { skip: placeless }, async (t) => {
    const { place, read } = await openHome(t, { ...late, ...inZone('a') });
    const volumeNow = async () => {
      const [live] = await place.list(persistentVolumeClaims);
      return cluster.get(persistentVolumes, live?.spec.volumeName ?? '');
    };
    const before = await volumeNow();
    await place.succeeds(restore, administrator);
    assert.equal(await read(), 'before');
    const after = await volumeNow();
    assert.notEqual(after.metadata.name, before.metadata.name);
    assert.deepEqual(after.spec.nodeAffinity, before.spec.nodeAffinity);
  });
});
