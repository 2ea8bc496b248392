/** A claim that is being deleted is a gate: no pod that uses it starts until there is a new claim of its name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { daemonSets, deployments, persistentVolumeClaims, pods, statefulSets } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { daemonSet, deployment, statefulSet } from '../manifests.ts';
import { claimSpec, claimsOf, patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { mergePatch } from './requests.ts';
import { volumesOf } from './volumes-of.ts';

const api = await openApi();
const { cluster, storageClass } = api.server;
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const { claim, untilClaim, bound, controllersSee } = claimsOf(api);
const { reserved, inPhase, patchVolume, untilEvent } = volumesOf(api);
const protection = 'kubernetes.io/pvc-protection';
const hold = 'x.dev/hold';

const untilPods = (app: string, satisfied: (pods: Stored<Pod>[]) => boolean) =>
  until(cluster, pods, { namespace, labelSelector: `app=${app}` }, satisfied, patience);

async function untilRunning(app: string, count: number): Promise<Stored<Pod>[]> {
  const isRunning = ({ metadata, status }: Stored<Pod>): boolean =>
    status?.phase === 'Running' && metadata.deletionTimestamp === undefined;
  return untilPods(app, (all) => all.length === count && all.every(isRunning));
}

/** Deletes the claims; a finalizer keeps them. */
async function shut(...names: string[]): Promise<void> {
  for (const name of names) {
    const metadata = { finalizers: [protection, hold] };
    assert.equal((await api.send('PATCH', `${claims}/${name}`, { metadata }, mergePatch)).code, 200);
  }
  for (const name of names) await api.send('DELETE', `${claims}/${name}`);
}

/** Removes the claim, and creates it with that volume. */
async function fill(name: string, volumeName: string): Promise<void> {
  const before = await untilClaim(name, (it) => it?.metadata.finalizers?.join() === hold);
  await api.send('PATCH', `${claims}/${name}`, { metadata: { finalizers: null } }, mergePatch);
  await untilClaim(name, (it) => it?.metadata.uid !== before?.metadata.uid);
  // The controller of a StatefulSet tries again from time to time, and may create the claim first: the volume is reserved
  // for the name, whoever creates it.
  const made = { metadata: { name }, spec: { ...claimSpec(storageClass), volumeName } };
  const { code } = await api.send('POST', claims, made);
  assert.ok(code === 201 || code === 409, `${code}`);
  assert.equal((await bound(name)).spec.volumeName, volumeName);
}

const refusalOf = ({ status }: Pod): string => {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' ? (scheduled.message ?? '') : '';
};
const terminating = (claimName: string) => `persistentvolumeclaim "${claimName}" is being deleted`;
const remove = (pod: Stored<Pod>) => cluster.delete(pods, pod.metadata);

/**
 * Deletes the app's pods until the scheduler refuses one, and resolves with that one. The scheduler learns of claims and
 * pods independently, so it may still schedule the first.
 */
async function untilRefused(app: string): Promise<Stored<Pod>> {
  const gone = new Set<string>();
  for (;;) {
    const fresh = ({ metadata }: Stored<Pod>): boolean => !gone.has(metadata.uid);
    const decided = (it: Stored<Pod>): boolean => it.spec.nodeName !== undefined || refusalOf(it) !== '';
    const [pod] = (await untilPods(app, (all) => all.some((it) => fresh(it) && decided(it)))).filter(
      (it) => fresh(it) && decided(it),
    );
    assert.ok(pod);
    if (pod.spec.nodeName === undefined) return pod;
    gone.add(pod.metadata.uid);
    await remove(pod);
  }
}

for (const [resource, build] of [
  [deployments, deployment],
  [daemonSets, daemonSet],
] as const) {
  test(`a pod of a ${resource.kind} waits until all its claims are new, and starts without help`, async () => {
    const app = resource.kind.toLowerCase();
    const [left, right] = [`${app}-left`, `${app}-right`];
    for (const name of [left, right]) {
      await claim(name);
      await bound(name);
    }
    const object = build(app, [left, right]);
    await cluster.create(resource, { ...object, metadata: { ...object.metadata, namespace } });
    await untilRunning(app, 1);
    const next = [await reserved(left), await reserved(right)] as const;

    await shut(left, right);
    const waiting = await untilRefused(app);
    // It is not scheduled, so it does not protect its claims.
    for (const name of [left, right])
      await untilClaim(name, (it) => it?.metadata.finalizers?.join() === hold);
    await untilPods(
      app,
      (all) => all.length === 1 && all.every((it) => refusalOf(it).includes(terminating(left))),
    );

    await fill(left, next[0]);
    await untilPods(app, (all) => all.every((it) => refusalOf(it).includes(terminating(right))));
    await fill(right, next[1]);
    const [started] = await untilRunning(app, 1);
    assert.equal(started?.metadata.uid, waiting.metadata.uid);
    await release(next);
  });
}

test('a StatefulSet has no pods until its claims are new, and then needs a change to create them', async () => {
  const object = statefulSet('set', 2, storageClass);
  await cluster.create(statefulSets, { ...object, metadata: { ...object.metadata, namespace } });
  await untilRunning('set', 2);
  const names = ['source-data-set-0', 'source-data-set-1'] as const;
  const next = { [names[0]]: await reserved(names[0]), [names[1]]: await reserved(names[1]) };

  await shut(...names);
  await controllersSee();
  for (const pod of await untilPods('set', (all) => all.length === 2)) await remove(pod);
  const refused = /^Create Pod (\S+) in StatefulSet set failed error: pvc source-data-\1 is being deleted$/;
  await untilEvent('set', 'FailedCreate', refused);
  await untilPods('set', (all) => all.length === 0);
  for (const name of names) await fill(name, next[name]);
  const nudge = { metadata: { annotations: { 'x.dev/nudge': 'now' } } };
  assert.equal(
    (await api.send('PATCH', api.at('apps/v1', 'statefulsets', 'set'), nudge, mergePatch)).code,
    200,
  );
  await untilRunning('set', 2);
  for (const name of names) assert.equal((await bound(name)).spec.volumeName, next[name]);
  await release(Object.values(next));
});

test('if a pod of a StatefulSet is deleted before its claim, the next pod keeps the claim', async () => {
  const object = statefulSet('early', 1, storageClass);
  await cluster.create(statefulSets, { ...object, metadata: { ...object.metadata, namespace } });
  const [first] = await untilRunning('early', 1);
  assert.ok(first);
  await remove(first);
  await untilPods(
    'early',
    ([it]) => it !== undefined && it.metadata.uid !== first.metadata.uid && it.spec.nodeName !== undefined,
  );
  const { uid } = (await bound('source-data-early-0')).metadata;
  await api.send('DELETE', `${claims}/source-data-early-0`);
  await controllersSee();
  const [pod] = await untilRunning('early', 1);
  const kept = await cluster.get(persistentVolumeClaims, 'source-data-early-0', namespace);
  assert.deepEqual([kept.metadata.uid, kept.metadata.finalizers], [uid, [protection]]);
  assert.notEqual(pod?.metadata.uid, first.metadata.uid);
});

/** The volumes were reserved with policy Retain; this deletes them with their claims. */
async function release(taken: readonly string[]): Promise<void> {
  for (const volume of taken) {
    await inPhase(volume, 'Bound');
    await patchVolume(volume, { persistentVolumeReclaimPolicy: 'Delete' });
  }
}
