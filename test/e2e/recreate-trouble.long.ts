/** What a restore in place does if the snapshot from before fails, or another client creates a claim first. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  deployments,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { snapshotClass } from '#test/support/classes.ts';

import { claim, deployment, mountPath, quiet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const { cluster, driver } = server;
const administrator = { identity: undefined };
const skip = driver === undefined && 'E2E_DRIVER is not set';

async function open(t: TestContext): Promise<Place> {
  const place = await openPlace(t, server);
  await place.claims('data');
  const workload = quiet(deployment('app', ['data']));
  await place.create(deployments, workload);
  await write(place, 'before');
  await place.succeeds('snapshot deploy/app --executor=local', administrator);
  await write(place, 'after');
  return place;
}

async function write(place: Place, text: string): Promise<void> {
  const [pod = ''] = await place.running('app');
  await place.sh(pod, `echo ${text} > ${mountPath('data')}/proof`);
}

async function read(place: Place): Promise<string> {
  const [pod = ''] = await place.running('app');
  return place.sh(pod, `cat ${mountPath('data')}/proof`);
}

/** From now on, the driver cuts no snapshot of the workload. */
async function breakSnapshots(t: TestContext, place: Place): Promise<void> {
  const name = place.namespace;
  await cluster.create(volumeSnapshotClasses, snapshotClass(name, driver ?? '', { fault: 'error-always' }));
  t.after(() => cluster.delete(volumeSnapshotClasses, { name }));
  const spec = { target: { snapshotClassName: name } };
  await cluster.patch(backupConfigurations, { name: 'deploy-app', namespace: place.namespace }, { spec });
}

/** Another client creates the claim, without its snapshot, right before the command does. */
function forestalled(inner: Cluster, namespace: string): Cluster {
  return {
    ...inner,
    create: async <T extends KubernetesObject>(...args: Parameters<typeof inner.create<T>>) => {
      const [resource, object] = args;
      if (resource.plural === persistentVolumeClaims.plural && object.metadata.name === 'data') {
        const metadata = { name: 'data', namespace };
        await cluster.create(persistentVolumeClaims, { ...claim('data', server.storageClass), metadata });
      }
      return inner.create<T>(...args);
    },
  };
}

await suite('trouble where claims are recreated', { concurrency: 4 }, () => {
  for (const flags of ['--method=recreate', '--before=snapshot'])
    for (const stop of ['scale', 'gate']) {
      test(
        `${flags} by ${stop}: the snapshot from before fails, and everything is as it was`,
        { skip },
        async (t) => {
          const place = await open(t);
          const [present] = await place.list(persistentVolumeClaims);
          await breakSnapshots(t, place);
          const { code, stderr } = await place.stash(
            `restore deploy/app --in-place ${flags} --stop=${stop} --timeout=15s --yes`,
            administrator,
          );
          assert.equal(code, 4, stderr);
          assert.match(
            stderr,
            /the snapshot before the restore, backupsession\/before-\S+, was not taken: .*no claim was deleted, and all claims have their volumes as before/,
          );
          const [session] = await place.list(restoreSessions);
          assert.equal(session?.status?.phase, 'Failed');
          const all = await place.list(persistentVolumeClaims);
          assert.deepEqual(
            all.map(({ metadata, spec }) => [metadata.uid, spec.volumeName]),
            [[present?.metadata.uid, present?.spec.volumeName]],
          );
          assert.equal(await read(place), 'after');
        },
      );
    }

  test('another client creates the claim first: exit 4, the claim is left alone, and the printed steps restore it', async (t) => {
    const place = await open(t);
    const present = await place.list(persistentVolumeClaims);
    const { code, stderr } = await place.stash(
      'restore deploy/app --in-place --method=recreate --stop=scale --yes',
      { ...administrator, seenAs: (inner) => forestalled(inner, place.namespace) },
    );
    const [strange] = await place.list(persistentVolumeClaims);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /another client created claim data anew, without the data of its snapshot/);
    assert.notEqual(strange?.metadata.uid, present[0]?.metadata.uid);
    assert.equal(strange?.spec.dataSource, undefined);
    assert.equal(strange?.metadata.deletionTimestamp, undefined);
    const [session] = await place.list(restoreSessions);
    assert.equal(session?.status?.phase, 'Failed');
    const [, steps = ''] = /in the new claim is needed: (.*)/.exec(stderr) ?? [];
    const [remove, restore = '', scale] = steps.split('; ');
    const { namespace } = place;
    assert.equal(remove, `kubectl delete persistentvolumeclaim data -n ${namespace}`);
    assert.equal(scale, `kubectl scale deployment/app -n ${namespace} --replicas 1`);
    await place.remove(persistentVolumeClaims, 'data');
    await place.until(persistentVolumeClaims, (all) => all.length === 0);
    await place.succeeds(restore.replace('kubectl stash ', ''), administrator);
    await cluster.patch(deployments, { name: 'app', namespace }, { spec: { replicas: 1 } });
    assert.equal(await read(place), 'before');
  });
});
