/** What a restore in place does if somebody, or something, is in its way. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import { label } from '#src/api/labels.ts';
import type { PersistentVolumeClaim, Stored, Workload } from '#src/api/kubernetes.ts';
import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  restoreSessions,
  statefulSets,
  type Resource,
} from '#src/api/resources.ts';
import { readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import { isStashError } from '#src/errors.ts';

import { deployment, mountPath, statefulSet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const { cluster } = server;
const administrator = { identity: undefined };
const claims = ['data', 'logs'];

interface Home {
  readonly place: Place;
  readonly write: (text: string) => Promise<void>;
  /** What each claim of each pod holds. */
  readonly read: () => Promise<string[]>;
}

async function openHome(
  t: TestContext,
  {
    resource,
    workload,
    count = 1,
    script = 'sleep 3000',
  }: { resource: Resource<Workload>; workload: Workload; count?: number; script?: string },
): Promise<Home> {
  let opened: Place | undefined;
  // Before the namespace is deleted: a pod that ignores the signal to end would keep it.
  t.after(async () => {
    if (opened === undefined) return;
    await opened.remove(resource, ...(await opened.list(resource)).map(({ metadata }) => metadata.name));
    await opened.killPods();
  });
  const place = (opened = await openPlace(t, server));
  const { name = '' } = workload.metadata;
  const isSet = resource.plural === statefulSets.plural;
  if (!isSet) await place.claims(...claims);
  for (const container of workload.spec.template.spec.containers) container.args = [script];
  await place.create(resource, workload);
  const volumes = isSet ? ['source-data'] : claims;
  const write = async (text: string) => {
    for (const pod of await place.running(name, count))
      for (const volume of volumes) await place.sh(pod, `echo ${text} > ${mountPath(volume)}/proof`);
  };
  const read = async () => {
    const texts = (await place.running(name, count)).flatMap((pod) =>
      volumes.map((volume) => place.sh(pod, `cat ${mountPath(volume)}/proof`)),
    );
    return Promise.all(texts);
  };
  t.after(() => place.giveUpVolumes());
  await write('before');
  await place.succeeds(`snapshot ${resource.kind}/${name} --executor=local`, administrator);
  await write('after');
  return { place, write, read };
}

/** Its pod ignores the signal to end, and may take ten minutes. */
function stubborn(): { resource: Resource<Workload>; workload: Workload; script: string } {
  const workload = deployment('app', claims);
  workload.spec.template.spec.terminationGracePeriodSeconds = 600;
  return { resource: deployments, workload, script: "trap '' TERM; while true; do sleep 1; done" };
}

async function volumesOf(place: Place): Promise<(string | undefined)[]> {
  return (await place.list(persistentVolumeClaims)).map(({ spec }) => spec.volumeName);
}

/** A claim of the workload; the staged ones are deleted, too. */
function isLeaving({ metadata }: Stored<PersistentVolumeClaim>): boolean {
  return claims.includes(metadata.name) && metadata.deletionTimestamp !== undefined;
}

await suite('trouble during a restore in place', { concurrency: 4 }, () => {
  test('a pod that does not end: exit 7, which names the node, and the same command goes on', async (t) => {
    const { place, read } = await openHome(t, stubborn());
    const restore = 'restore deploy/app --in-place --yes --stop=gate --stop-timeout=2s';
    const { code, stderr } = await place.stash(restore, administrator);
    assert.equal(code, 7, stderr);
    assert.match(
      stderr,
      /stopped while the workload is down: gave up after 2s: waiting for pod app-\S+ on node \S+ to end/,
    );
    assert.match(
      stderr,
      /kubectl taint node \S+ node\.kubernetes\.io\/out-of-service=nodeshutdown:NoExecute/,
    );
    const [session] = await place.list(restoreSessions);
    assert.equal(session?.status?.phase, 'Running');
    assert(stderr.includes(`kubectl stash undo ${session.metadata.name} -n ${place.namespace}`), stderr);
    await place.killPods();
    await place.succeeds(restore, administrator);
    assert.deepEqual(await read(), ['before', 'before']);
    assert.equal((await place.list(restoreSessions)).length, 1);
  });

  test('--pause: exit 7 with the new data in the claims, and the same command starts the workload', async (t) => {
    const { place, read } = await openHome(t, { resource: deployments, workload: deployment('app', claims) });
    const restore = 'restore deploy/app --in-place --yes --stop=scale --pause';
    const { code, stderr } = await place.stash(restore, administrator);
    assert.equal(code, 7, stderr);
    assert.match(stderr, /you asked for --pause: all claims have their new volumes/);
    assert.equal(await place.look(claims, `cat ${mountPath('data')}/proof`), 'before');
    assert.deepEqual(await place.list(pods), []);
    await place.succeeds(restore, administrator);
    assert.deepEqual(await read(), ['before', 'before']);
    const gated = await place.stash('restore deploy/app --in-place --yes --stop=gate --pause', administrator);
    assert.equal(gated.code, 1);
    assert.match(
      gated.stderr,
      /--pause needs a workload that is stopped by scaling: you asked for --stop=gate/,
    );
  });

  test('a new volume is deleted behind the gate: all claims get the volumes back that they had', async (t) => {
    const { place, read } = await openHome(t, stubborn());
    const before = await volumesOf(place);
    const running = place.stash('restore deploy/app --in-place --yes --stop=gate', administrator);
    await place.until(persistentVolumeClaims, (all) => all.filter(isLeaving).length === 2);
    const { items } = await cluster.list(persistentVolumes, { labelSelector: label.restoreSession });
    const incoming = items.find((volume) => {
      const swapped = readSwapped(volume);
      return swapped?.namespace === place.namespace && swapped.role === 'incoming';
    });
    await cluster.delete(persistentVolumes, { name: incoming?.metadata.name ?? '' });
    await place.killPods();
    const { code, stderr } = await running;
    assert.equal(code, 4, stderr);
    assert.match(stderr, /volume \S+ was deleted; all claims have their volumes as before/);
    assert.deepEqual(await volumesOf(place), before);
    assert.deepEqual(await read(), ['after', 'after']);
  });

  test('the session is deleted behind the gate: undo brings the old data back', async (t) => {
    const { place, read } = await openHome(t, stubborn());
    const running = place.stash('restore deploy/app --in-place --yes --stop=gate', administrator);
    await place.until(persistentVolumeClaims, (all) => all.filter(isLeaving).length === 2);
    const [session] = await place.list(restoreSessions);
    await place.remove(restoreSessions, session?.metadata.name ?? '');
    const { code, stderr } = await running;
    assert.equal(code, 7, stderr);
    await place.killPods();
    const undo = `undo ${session?.metadata.name ?? ''} --yes`;
    const undoing = place.stash(undo, administrator);
    // The undo stops the pod that runs on the new data, and that one does not end by itself either.
    const stop = new AbortController();
    const killing = (async () => {
      for await (const event of cluster.watch(pods, { namespace: place.namespace }, stop.signal)) {
        const seen = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
        for (const { metadata } of seen.filter((pod) => pod.metadata.deletionTimestamp !== undefined))
          await cluster.delete(pods, metadata, { gracePeriodSeconds: 0 }).catch(() => undefined);
      }
    })();
    const undone = await undoing;
    stop.abort();
    await killing;
    assert.equal(undone.code, 0, undone.stderr);
    assert.deepEqual(await read(), ['after', 'after']);
  });

  test('claims that are created anew at once, and replicas that are scaled back, get the new volumes', async (t) => {
    const workload = statefulSet('db', 3, server.storageClass);
    const { place, read } = await openHome(t, { resource: statefulSets, workload, count: 3 });
    const before = await place.list(persistentVolumeClaims);
    const stop = new AbortController();
    const recreate = async ({ metadata, spec }: Stored<PersistentVolumeClaim>) => {
      const { accessModes, resources, storageClassName } = spec;
      const claim = {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
        metadata: { name: metadata.name, namespace: place.namespace, labels: metadata.labels ?? {} },
        spec: { accessModes, resources, storageClassName } as PersistentVolumeClaim['spec'],
      };
      await cluster.create(persistentVolumeClaims, claim).catch((error: unknown) => {
        if (!isStashError(error, 'already-exists')) throw error;
      });
    };
    let recreated = 0;
    const argo = (async () => {
      for await (const event of cluster.watch(
        persistentVolumeClaims,
        { namespace: place.namespace },
        stop.signal,
      )) {
        const lost =
          event.type === 'deleted' &&
          before.find(({ metadata }) => metadata.name === event.object.metadata.name);
        if (!lost) continue;
        recreated += 1;
        await recreate(lost);
      }
    })();
    const hpa = (async () => {
      for await (const event of cluster.watch(statefulSets, { namespace: place.namespace }, stop.signal)) {
        if (event.type !== 'changed' || event.object.spec.replicas !== 0) continue;
        const name = event.object.metadata.name;
        const patch = { spec: { replicas: 3 } };
        await cluster.patch(statefulSets, { name, namespace: place.namespace }, patch, {
          subresource: 'scale',
        });
      }
    })();
    const ran = await place.stash('restore sts/db --in-place --yes --stop=scale', administrator);
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(await read(), ['before', 'before', 'before']);
    stop.abort();
    await Promise.all([argo, hpa]);
    assert.equal(recreated, 3);
  });
});
