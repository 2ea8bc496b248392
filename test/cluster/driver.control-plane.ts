/**
 * What our CSI driver can simulate on a real node: snapshots that are deleted with their volume, exact sizes,
 * groups, zones.
 */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import {
  persistentVolumeClaims,
  pods,
  storageClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { claim, reader } from '#test/e2e/manifests.ts';
import { isBound, openPlace, type Place } from '#test/e2e/place.ts';

import { currentPlace } from './node/place.ts';
import { endSourceProtection } from './source-protection.ts';
import { openStand } from './stand.ts';

const why = (await currentPlace()) === undefined ? 'the node is our own agent' : false;
const { server } = await openStand('raised');
const { cluster } = server;

const groupClasses: Resource = groupKind('VolumeGroupSnapshotClass', 'volumegroupsnapshotclasses', false);
const groupSnapshots: Resource = groupKind('VolumeGroupSnapshot', 'volumegroupsnapshots', true);

function groupKind(kind: string, plural: string, namespaced: boolean): Resource {
  return { group: 'groupsnapshot.storage.k8s.io', version: 'v1', kind, plural, namespaced };
}

/** Creates a class of the driver with the place's name. */
async function storageClass(place: Place, more: object): Promise<string> {
  const { metadata } = await cluster.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: place.namespace },
    provisioner: driverName,
    ...more,
  });
  return metadata.name;
}

async function snapshotOf(place: Place, name: string): Promise<void> {
  await place.create(volumeSnapshots, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: { source: { persistentVolumeClaimName: name } },
  });
  await place.until(volumeSnapshots, (all) =>
    all.some(({ metadata, status }) => metadata.name === name && status?.readyToUse === true),
  );
}

function fromSnapshot(name: string, snapshot: string, className: string, storage = '1Gi') {
  const { spec, ...rest } = claim(name, className);
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot };
  return { ...rest, spec: { ...spec, resources: { requests: { storage } }, dataSource } };
}

/** Resolves with the provisioner's message for a claim that it cannot provision, after deleting the claim. */
async function refusal(place: Place, name: string): Promise<string> {
  const words = await place.until(eventKind, (all) => {
    const told = all.filter((it) => it.reason === 'ProvisioningFailed' && it.involvedObject?.name === name);
    return told.at(-1)?.message;
  });
  await place.remove(persistentVolumeClaims, name);
  for (const snapshot of await place.list(volumeSnapshots)) await endSourceProtection(cluster, snapshot);
  return words;
}

interface Told extends KubernetesObject {
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject?: { readonly name?: string };
}
const eventKind: Resource<Told> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

async function bind(t: TestContext, more: object): Promise<{ place: Place; className: string }> {
  const place = await openPlace(t, server);
  const className = await storageClass(place, more);
  await place.create(persistentVolumeClaims, claim('data', className));
  await place.until(persistentVolumeClaims, (all) => all.length === 1 && all.every(isBound));
  return { place, className };
}

void suite('the CSI driver', { concurrency: 4, skip: why }, () => {
  test('snapshots inside their volume are deleted with it', async (t) => {
    const { place, className } = await bind(t, { parameters: { snapshots: 'die-with-volume' } });
    await snapshotOf(place, 'data');
    await place.remove(persistentVolumeClaims, 'data');
    await place.create(persistentVolumeClaims, fromSnapshot('copy', 'data', className));
    assert.match(await refusal(place, 'copy'), /snapshot .* not found/);
  });

  test('a driver may only restore at the size of the snapshot', async (t) => {
    const { place, className } = await bind(t, { parameters: { restoreSize: 'exact' } });
    await snapshotOf(place, 'data');
    await place.create(persistentVolumeClaims, fromSnapshot('larger', 'data', className, '2Gi'));
    await place.create(persistentVolumeClaims, fromSnapshot('same', 'data', className));
    assert.match(await refusal(place, 'larger'), /restoreSize: exact/);
    await place.until(persistentVolumeClaims, (all) =>
      all.some((it) => it.metadata.name === 'same' && isBound(it)),
    );
  });

  test('volumes of a group are cut at one instant', async (t) => {
    const place = await openPlace(t, server);
    const names = ['left', 'right'];
    for (const name of names)
      await place.create(persistentVolumeClaims, claim(name, server.storageClass, { group: 'both' }));
    // Each number is written to the left side first. At any instant, left equals right or is ahead by one.
    const put = (side: string) => `echo $i > /source/${side}/new && mv /source/${side}/new /source/${side}/n`;
    const script = `i=0; while :; do i=$((i+1)); ${put('left')}; ${put('right')}; done & sleep 3000`;
    const pod = await place.create(pods, reader(names, script));
    await place.until(pods, (all) =>
      all.some((it) => it.metadata.name === pod.metadata.name && it.status?.phase === 'Running'),
    );
    await cluster.create(groupClasses, {
      apiVersion: 'groupsnapshot.storage.k8s.io/v1',
      kind: 'VolumeGroupSnapshotClass',
      metadata: { name: place.namespace },
      driver: driverName,
      deletionPolicy: 'Delete',
    } as KubernetesObject);
    await place.create(groupSnapshots, {
      apiVersion: 'groupsnapshot.storage.k8s.io/v1',
      kind: 'VolumeGroupSnapshot',
      metadata: { name: 'both' },
      spec: {
        volumeGroupSnapshotClassName: place.namespace,
        source: { selector: { matchLabels: { group: 'both' } } },
      },
    } as KubernetesObject);
    const cut = await place.until(volumeSnapshots, (all) => {
      const ready = all.filter(({ status }) => status?.readyToUse === true);
      return ready.length === 2 && ready;
    });
    for (const { metadata, spec } of cut) {
      const name = `copy-${spec.source.persistentVolumeClaimName ?? ''}`;
      await place.create(persistentVolumeClaims, fromSnapshot(name, metadata.name, server.storageClass));
    }
    const copies = names.map((name) => `copy-${name}`);
    const [left, right] = (await place.look(copies, 'cat /source/copy-left/n /source/copy-right/n'))
      .split('\n')
      .map(Number);
    assert(left !== undefined && right !== undefined && left > 0);
    assert(left === right || left === right + 1, `${left} and ${right}`);
    await place.remove(groupSnapshots, 'both');
    await place.until(volumeSnapshots, (all) => all.length === 0);
  });

  test('a volume is in the zone of its node, and in no other', async (t) => {
    const place = await openPlace(t, server);
    const className = await storageClass(place, {
      volumeBindingMode: 'WaitForFirstConsumer',
      allowedTopologies: [{ matchLabelExpressions: [{ key: `topology.${driverName}/zone`, values: ['b'] }] }],
    });
    await place.create(persistentVolumeClaims, claim('data', className));
    await place.create(pods, reader(['data']));
    const message = await place.until(
      pods,
      ([pod]) =>
        pod?.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
          ?.message,
    );
    assert.match(message, /didn't find available persistent volumes to bind/);
  });
});
