/** `doctor` in clusters that are broken, each in one way: it names the cause first. Its fix, if it prints one, heals it. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  csiDrivers,
  leases,
  persistentVolumeClaims,
  persistentVolumes,
  resourceQuotas,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { sidecarLeaseName } from '#src/api/snapshot-controller.ts';
import { byName } from '#src/cluster/by-name.ts';
import { isStashError } from '#src/errors.ts';
import type { FindingItem, FindingList } from '#src/report/findings.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { until } from '#test/support/until.ts';

import { hasAccessControl } from './developer.ts';
import { runPatch } from './doctor-fix.ts';
import { claim } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { runPlugin } from './plugin.ts';
import { startServer } from './server.ts';

const server = await startServer();
const { cluster, kubeconfig } = server;
const skip = !(await hasAccessControl(server)) && 'the sandbox does not tell people apart';

/** So that snapshots seem to have waited for two minutes. */
const clock = { ...scaledClock(), now: () => new Date(Date.now() + 120_000) };

async function examine(place: Place, target: string): Promise<readonly FindingItem[]> {
  const words = ['doctor', target, '-o', 'json'];
  const { code, stdout, stderr } = await runPlugin(kubeconfig, words, { namespace: place.namespace, clock });
  assert.equal(stderr, '');
  const { items } = JSON.parse(stdout) as FindingList;
  assert.equal(code, items.some(({ level }) => level === 'fail') ? 1 : 0);
  return items;
}

/** Asserts that this is the first failure of all. */
async function namesFirst(place: Place, target: string, check: string, words: RegExp): Promise<FindingItem> {
  const found = await examine(place, target);
  const first = found.find(({ level }) => level === 'fail');
  assert.equal(first?.check, check, JSON.stringify(found, undefined, 1));
  assert.match(first.message, words);
  return first;
}

/** Creates a cluster-scoped object for the time of the test. */
async function outside(t: TestContext, resource: Resource, object: KubernetesObject): Promise<void> {
  await cluster.create(resource, object);
  t.after(() => cluster.delete(resource, { name: object.metadata.name ?? '' }));
}

function snapshotClass(name: string, driver: string, more: object = {}): KubernetesObject {
  const rest = { driver, deletionPolicy: 'Delete', ...more };
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name },
    ...rest,
  };
}

interface Foreign {
  readonly driver: string;
  readonly claim: string;
}

/** A bound claim of a driver that nothing carries out, which only the API knows. */
async function foreignClaim(
  t: TestContext,
  place: Place,
  { node, isInstalled = true }: { readonly node?: string; readonly isInstalled?: boolean } = {},
): Promise<Foreign> {
  const driver = `${place.namespace}.example.com`;
  const name = `${place.namespace}-data`;
  if (isInstalled) {
    await outside(t, csiDrivers, {
      ...{ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: driver } },
      ...{ spec: { attachRequired: false } },
    });
  }
  const affinity = {
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
      ],
    },
  };
  await outside(t, persistentVolumes, {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } },
    ...{
      spec: {
        ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: '' },
        persistentVolumeReclaimPolicy: 'Retain',
        csi: { driver, volumeHandle: name },
        claimRef: { namespace: place.namespace, name: 'data' },
        ...(node !== undefined && { nodeAffinity: affinity }),
      },
    },
  });
  const wanted = claim('data', '');
  await place.create(persistentVolumeClaims, { ...wanted, spec: { ...wanted.spec, volumeName: name } });
  await place.until(persistentVolumeClaims, (all) => all.some(({ status }) => status?.phase === 'Bound'));
  return { driver, claim: 'pvc/data' };
}

/** Without its sidecar, only the test can release the content: once it is being deleted, nobody adds a finalizer. */
async function dropSnapshot(place: Place): Promise<void> {
  const [snapshot] = await place.list(volumeSnapshots);
  await cluster.delete(volumeSnapshots, { name: 'waits', namespace: place.namespace });
  const name = snapshot?.status?.boundVolumeSnapshotContentName ?? '';
  await until(cluster, volumeSnapshotContents, byName({ name }), (all) =>
    all.every(({ metadata }) => metadata.deletionTimestamp !== undefined),
  );
  await cluster
    .patch(volumeSnapshotContents, { name }, { metadata: { finalizers: null } })
    .catch((error: unknown) => {
      if (!isStashError(error, 'not-found')) throw error;
    });
  await place.until(volumeSnapshots, (all) => all.length === 0);
}

await suite('doctor names the cause first', { concurrency: 4 }, () => {
  test('two default snapshot classes; the fix heals it', async (t) => {
    const place = await openPlace(t, server);
    const { driver, claim: target } = await foreignClaim(t, place);
    const annotations = { 'snapshot.storage.kubernetes.io/is-default-class': 'true' };
    for (const name of ['a', 'b'].map((each) => `${place.namespace}-${each}`)) {
      const made = snapshotClass(name, driver);
      await outside(t, volumeSnapshotClasses, { ...made, metadata: { name, annotations } });
    }
    const { fix = '' } = await namesFirst(
      place,
      target,
      'snapshot-classes',
      /has 2 default volume snapshot classes/,
    );
    await runPatch(cluster, fix);
    const healed = await examine(place, target);
    assert.equal(
      healed.find(({ check }) => check === 'snapshot-classes')?.level,
      'ok',
      JSON.stringify(healed),
    );
  });

  test('a snapshot class of another driver; the fix heals it', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    const name = `${place.namespace}-other`;
    await outside(t, volumeSnapshotClasses, snapshotClass(name, 'other.example.com'));
    await place.create(backupConfigurations, {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'BackupConfiguration',
      metadata: { name: 'nightly' },
      spec: {
        ...{ driver: 'VolumeSnapshotter', schedule: '@daily', paused: true },
        retentionPolicy: { name: 'keep-last-3', keepLast: 3, prune: true },
        target: {
          ref: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data' },
          snapshotClassName: name,
        },
      },
    });
    const { fix = '' } = await namesFirst(
      place,
      'pvc/data',
      'snapshot-classes',
      /is of driver other\.example\.com/,
    );
    await runPatch(cluster, fix);
    const healed = await examine(place, 'pvc/data');
    assert.equal(
      healed.find(({ check }) => check === 'snapshot-classes')?.level,
      'ok',
      JSON.stringify(healed),
    );
  });

  test('a quota without room; the fix heals it', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    const hard = { 'count/volumesnapshots.snapshot.storage.k8s.io': '0' };
    await place.create(resourceQuotas, {
      ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small' }, spec: { hard } },
    });
    await place.until(resourceQuotas, (all) => all.some(({ status }) => status?.used !== undefined));
    const { fix = '', message } = await namesFirst(
      place,
      'pvc/data',
      'quota',
      /0 of count.volumesnapshots.* left, and 1 needed$/,
    );
    const refused = await place.stash('snapshot pvc/data --executor=local');
    assert.equal(refused.stderr.split('\n')[0], `error: ${message}`);
    await runPatch(cluster, fix);
    await place.until(resourceQuotas, (all) =>
      all.some(({ status }) => Object.values(status?.hard ?? {}).includes('1')),
    );
    await place.succeeds('snapshot pvc/data --executor=local');
  });

  test('a secret that does not exist', async (t) => {
    const place = await openPlace(t, server);
    const { driver, claim: target } = await foreignClaim(t, place);
    const parameters = {
      'csi.storage.k8s.io/snapshotter-secret-name': 'credentials',
      'csi.storage.k8s.io/snapshotter-secret-namespace': '${volumesnapshot.namespace}',
    };
    await outside(t, volumeSnapshotClasses, snapshotClass(place.namespace, driver, { parameters }));
    await namesFirst(
      place,
      target,
      'class-secrets',
      /^secret \S+\/credentials of volume snapshot class \S+ does not exist$/,
    );
  });

  test('the node with the data is gone', async (t) => {
    const place = await openPlace(t, server);
    const { driver, claim: target } = await foreignClaim(t, place, { node: 'worker-of-old' });
    await outside(t, volumeSnapshotClasses, snapshotClass(place.namespace, driver));
    const { message } = await namesFirst(
      place,
      target,
      'node-local',
      /is on node worker-of-old only, which does not exist/,
    );
    const refused = await runPlugin(kubeconfig, ['snapshot', target, '--executor=local'], {
      namespace: place.namespace,
    });
    assert.deepEqual([refused.code, refused.stderr.split('\n')[0]], [1, `error: ${message}`]);
    assert.deepEqual(await place.list(volumeSnapshots), []);
  });

  test('the sidecar of the driver is down', async (t) => {
    const place = await openPlace(t, server);
    const { driver, claim: target } = await foreignClaim(t, place);
    await outside(t, volumeSnapshotClasses, snapshotClass(place.namespace, driver));
    await place.create(volumeSnapshots, {
      ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: 'waits' } },
      spec: { volumeSnapshotClassName: place.namespace, source: { persistentVolumeClaimName: 'data' } },
    });
    await place.until(volumeSnapshots, (all) =>
      all.some(({ status }) => status?.boundVolumeSnapshotContentName !== undefined),
    );
    await namesFirst(place, target, 'driver-sidecar', /^the csi-snapshotter of driver \S+ does not answer/);
    await dropSnapshot(place);
  });

  test('no sidecar of the driver leads, until one renews its Lease', async (t) => {
    const place = await openPlace(t, server);
    const { driver, claim: target } = await foreignClaim(t, place);
    await outside(t, volumeSnapshotClasses, snapshotClass(place.namespace, driver));
    const name = sidecarLeaseName(driver);
    const spec = (renewed: Date) => ({
      holderIdentity: 'snapshotter-0',
      renewTime: renewed.toISOString().replace('Z', '000Z'),
    });
    await place.create(leases, {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } },
      spec: spec(new Date(Date.now() - 600_000)),
    });
    await namesFirst(
      place,
      target,
      'sidecar-lease',
      /^no csi-snapshotter of driver \S+ leads .*: the last one renewed its Lease 12m/,
    );
    await cluster.patch(leases, { name, namespace: place.namespace }, { spec: spec(clock.now()) });
    const healed = await examine(place, target);
    assert.equal(healed.find(({ check }) => check === 'sidecar-lease')?.level, 'ok', JSON.stringify(healed));
  });

  test('the driver is not installed', async (t) => {
    const place = await openPlace(t, server);
    const { claim: target } = await foreignClaim(t, place, { isInstalled: false });
    await namesFirst(place, target, 'csi-driver', /is not installed/);
  });

  test('rights are missing', { skip }, async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    const identity = { as: `${place.namespace}-stranger`, asGroup: [`${place.namespace}-strangers`] };
    const { code, stdout } = await place.stash('doctor pvc/data -o json', { identity });
    const { items } = JSON.parse(stdout) as FindingList;
    const first = items.find(({ level }) => level === 'fail');
    assert.deepEqual([code, first?.check], [1, 'rights'], stdout);
    assert.match(first?.message ?? '', /may not create backupconfigurations/);
  });

  test('nothing is broken', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.succeeds('snapshot pvc/data --executor=local');
    const found = await examine(place, 'pvc/data');
    assert.deepEqual(
      found.filter(({ level }) => level === 'fail'),
      [],
    );
  });
});
