/** Pastes the in-place restore steps from a refused restore into a shell, for each variant of the steps. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import type { Pod, Workload } from '#src/api/kubernetes.ts';
import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  statefulSets,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { snapshotClass } from '#test/support/classes.ts';
import { stepByStep } from '#test/support/without-right.ts';

import { changed } from './changed.ts';
import { missingKubectl } from './kubectl.ts';
import { reader, statefulSet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';
import { openShell } from './terminal.ts';

const server = await startServer();

/**
 * Resolves with the error message and the steps printed under `or in place`. Runs as administrator, because
 * only they may patch volumes; one who cannot restore in place with one command.
 */
async function refusal(place: Place, words: string): Promise<{ message: string; steps: string }> {
  const { code, stderr } = await place.stash(`restore ${words} --executor=local`, {
    ...{ identity: undefined, seenAs: stepByStep },
  });
  assert.equal(code, 1, stderr);
  const lines = stderr.split('\n').map((line) => line.replace(/^(hint:)? +/, ''));
  const from = lines.findIndex((line) => line.startsWith('or in place')) + 1;
  assert(from > 0, stderr);
  return { message: stderr, steps: lines.slice(from).join('\n') };
}

/** Runs the steps, and at the end restores the reclaim policy of the volumes, as the hint says. */
async function paste(t: TestContext, place: Place, steps: string): Promise<void> {
  const kept = [...steps.matchAll(/patch persistentvolume (\S+)/g)].map(([, name = '']) => name);
  assert(kept.length > 0, steps);
  const type = await openShell(t, server, { namespace: place.namespace, developer: undefined });
  await type(steps);
  for (const name of kept) {
    const { spec } = await server.cluster.get(persistentVolumes, name);
    assert.equal(spec.persistentVolumeReclaimPolicy, 'Retain');
    await place.until(persistentVolumes, (all) =>
      all.some(({ metadata, status }) => metadata.name === name && status?.phase === 'Released'),
    );
    await server.cluster.patch(
      persistentVolumes,
      { name },
      { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
    );
    await place.until(persistentVolumes, (all) => all.every(({ metadata }) => metadata.name !== name));
  }
}

async function hasOldContent(place: Place): Promise<void> {
  const [deployed] = await place.list(deployments);
  assert.equal(deployed?.spec.replicas, 1);
  const [pod = ''] = await place.running('demo');
  assert.equal(await place.sh(pod, 'cat /source/data/proof'), 'before');
}

/** Its pods keep an existing file. Scaling it down deletes the claims of the removed replicas. */
function shrinking(name: string): Workload {
  const set = statefulSet(name, 2, server.storageClass);
  const [container] = set.spec.template.spec.containers;
  assert(container);
  container.args = [
    '[ -f /source/source-data/data.txt ] || echo $(POD_NAME) > /source/source-data/data.txt; sleep 3000',
  ];
  const policy = { whenDeleted: 'Retain', whenScaled: 'Delete' } as const;
  return { ...set, spec: { ...set.spec, persistentVolumeClaimRetentionPolicy: policy } };
}

await suite('in-place restore with the steps of the hint', { concurrency: 8, skip: missingKubectl() }, () => {
  test('a deployment with reclaim policy Delete', async (t) => {
    const place = await openPlace(t, server);
    const pod = await changed(place);
    const { message, steps } = await refusal(place, 'deploy/demo');
    assert.match(message, new RegExp(`claim data exists and is used by pod ${pod}`));
    const [retain = '', down, drop, restore = '', up] = steps.split('\n');
    assert.match(retain, /^kubectl patch persistentvolume \S+ -p '\S+"Retain"}}' &&$/);
    assert.equal(down, `kubectl scale deployment/demo -n ${place.namespace} --replicas=0 &&`);
    assert.equal(drop, `kubectl delete persistentvolumeclaim data -n ${place.namespace} &&`);
    assert.match(restore, /^kubectl stash restore deployment\/demo /);
    assert.equal(up, `kubectl scale deployment/demo -n ${place.namespace} --replicas=1`);
    await paste(t, place, steps);
    await hasOldContent(place);
  });

  test('a claim with WaitForFirstConsumer', { skip: noWaitClass() }, async (t) => {
    const place = await openPlace(t, server);
    await changed(place, server.waitClass);
    const { steps } = await refusal(place, 'deploy/demo');
    await paste(t, place, steps);
    await hasOldContent(place);
  });

  test('one claim of a statefulset with whenScaled Delete', async (t) => {
    const place = await openPlace(t, server);
    await place.create(statefulSets, shrinking('demo'));
    await place.running('demo', 2);
    await place.succeeds('snapshot sts/demo --executor=local');
    for (const pod of ['demo-0', 'demo-1']) await place.sh(pod, 'echo after > /source/source-data/data.txt');
    const uids = async () =>
      new Map((await place.list(persistentVolumeClaims)).map(({ metadata: { name, uid } }) => [name, uid]));
    const before = await uids();

    const { steps } = await refusal(place, 'sts/demo --only source-data-demo-1');
    await paste(t, place, steps);
    await place.running('demo', 2);
    assert.equal(await place.sh('demo-0', 'cat /source/source-data/data.txt'), 'after');
    assert.equal(await place.sh('demo-1', 'cat /source/source-data/data.txt'), 'demo-1');
    const after = await uids();
    assert.equal(after.get('source-data-demo-0'), before.get('source-data-demo-0'));
    assert.notEqual(after.get('source-data-demo-1'), before.get('source-data-demo-1'));
    const [set] = await place.list(statefulSets);
    assert.equal(set?.spec.replicas, 2);
    assert.deepEqual(set.spec.persistentVolumeClaimRetentionPolicy, {
      whenDeleted: 'Retain',
      whenScaled: 'Delete',
    });
  });

  test('a pod that has ended and still uses the claim', async (t) => {
    const place = await openPlace(t, server);
    await changed(place);
    const object: Pod = reader(['data'], 'true');
    await place.create(pods, {
      ...object,
      metadata: { name: 'ended' },
      spec: { ...object.spec, restartPolicy: 'Never' },
    });
    await place.until(pods, (all) =>
      all.some(({ metadata, status }) => metadata.name === 'ended' && status?.phase === 'Succeeded'),
    );
    const { message, steps } = await refusal(place, 'deploy/demo');
    assert.match(message, /pod ended has ended and still holds claim data/);
    assert.match(steps, /^kubectl delete pod ended /m);
    await paste(t, place, steps);
    await hasOldContent(place);
  });

  test('an unready snapshot that protects the claim', { skip: noDriver() }, async (t) => {
    const place = await openPlace(t, server);
    await changed(place);
    const slow = `${place.namespace}-slow`;
    const built = snapshotClass(slow, server.driver ?? '', { delay: '15s' });
    await server.cluster.create(volumeSnapshotClasses, built);
    t.after(() => server.cluster.delete(volumeSnapshotClasses, { name: slow }));
    await place.create(volumeSnapshots, {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name: 'slow' },
      spec: { source: { persistentVolumeClaimName: 'data' }, volumeSnapshotClassName: slow },
    });
    const { message, steps } = await refusal(place, 'deploy/demo');
    assert.match(message, /snapshot slow of claim data is not ready yet and holds it/);
    await paste(t, place, steps);
    await hasOldContent(place);
    const ready = await place.list(volumeSnapshots);
    assert.equal(ready.find(({ metadata }) => metadata.name === 'slow')?.status?.readyToUse, true);
  });

  test('a user who may not patch volumes is told why there are no steps', async (t) => {
    const place = await openPlace(t, server);
    await changed(place);
    const { stderr } = await place.stash('restore deploy/demo --executor=local');
    if (place.developer === undefined) assert.match(stderr, /^hint: in place/m);
    else {
      assert.match(stderr, /cannot restore in place: user "\S+" may not get persistentvolumes/);
      assert.doesNotMatch(stderr, /kubectl (?:delete|scale|patch)/);
    }
  });
});

function noDriver(): string | false {
  return server.driver === undefined && 'E2E_DRIVER is not set';
}

function noWaitClass(): string | false {
  return server.waitClass === undefined && 'E2E_STORAGE_CLASS_WAIT is not set';
}
