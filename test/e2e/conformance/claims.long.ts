import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { events, nodes, pods } from '#src/api/resources.ts';
import { text } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { claimsOf, patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { mergePatch, metadataOf } from './requests.ts';

const api = await openApi();
const { cluster } = api.server;
const { namespace } = api;
const claims = api.at('v1', 'persistentvolumeclaims');
const { claim: make, untilClaim, controllersSee } = claimsOf(api);
const podsPath = api.at('v1', 'pods');
const protection = 'kubernetes.io/pvc-protection';

async function claim(name: string): Promise<void> {
  const answer = await make(name);
  assert.deepEqual(metadataOf(answer)['finalizers'], [protection]);
}

/** Creates a pod with one container that runs `script` with the claim at `/data`. */
async function pod(name: string, claimName: string, script: string, spec: object = {}): Promise<void> {
  const container = { name: 'c', image: 'busybox', command: ['/bin/sh', '-c'], args: [script] };
  const answer = await api.send('POST', podsPath, {
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
      ...spec,
    },
  });
  assert.equal(answer.code, 201);
}

async function untilPod(name: string, satisfied: (pod: Stored<Pod>) => boolean): Promise<Stored<Pod>> {
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const [found] = await until(cluster, pods, scope, ([it]) => it !== undefined && satisfied(it), patience);
  assert(found);
  return found;
}

const hasPhase =
  (phase: string) =>
  ({ status }: Pod): boolean =>
    status?.phase === phase;
const schedulingOf = ({ status }: Pod) => status?.conditions?.find(({ type }) => type === 'PodScheduled');

test('a deleted claim stays while a scheduled pod uses it, even after that pod has ended', async () => {
  for (const [name, script, phase] of [
    ['succeeded', 'true', 'Succeeded'],
    ['failed', 'exit 3', 'Failed'],
  ] as const) {
    await claim(name);
    await pod(name, name, script);
    await untilPod(name, hasPhase(phase));
    const deleted = await api.send('DELETE', `${claims}/${name}`);
    assert.deepEqual(metadataOf(deleted)['finalizers'], [protection]);
    await controllersSee();
    const held = await api.send('GET', `${claims}/${name}`);
    assert.deepEqual([held.code, metadataOf(held)['finalizers']], [200, [protection]]);
    await api.send('DELETE', `${podsPath}/${name}`);
    await untilClaim(name, (it) => it === undefined);
  }
});

test('an unscheduled pod does not protect its claim', async () => {
  await claim('unheld');
  await pod('nowhere', 'unheld', 'true', { nodeSelector: { 'x.dev/no': 'such-node' } });
  await untilPod('nowhere', (it) => schedulingOf(it)?.status === 'False');
  await api.send('DELETE', `${claims}/unheld`);
  await untilClaim('unheld', (it) => it === undefined);
});

test('a pod is not scheduled while one of its claims is missing or terminating, and is scheduled afterwards', async () => {
  const why = (message: string) => (it: Pod) => {
    const { status, reason, message: said = '' } = schedulingOf(it) ?? {};
    return status === 'False' && reason === 'Unschedulable' && said.includes(message);
  };
  await pod('early', 'late', 'sleep 3000');
  await untilPod('early', why('persistentvolumeclaim "late" not found'));
  await claim('late');
  await untilPod('early', hasPhase('Running'));

  await claim('going');
  await untilClaim('going', (it) => it?.status?.phase === 'Bound');
  const hold = { metadata: { finalizers: [protection, 'x.dev/hold'] } };
  assert.equal((await api.send('PATCH', `${claims}/going`, hold, mergePatch)).code, 200);
  const deleted = await api.send('DELETE', `${claims}/going`);
  const waiting = await untilRefused('going', why('persistentvolumeclaim "going" is being deleted'));
  await api.send('PATCH', `${claims}/going`, { metadata: { finalizers: null } }, mergePatch);
  await untilClaim('going', (it) => it?.metadata.uid !== text(metadataOf(deleted)['uid']));
  await claim('going');
  await untilPod(waiting, hasPhase('Running'));
});

/**
 * The scheduler learns of pods and claims independently, so it may still schedule the first pods. Resolves
 * with the name of the first pod that it refuses.
 */
async function untilRefused(claimName: string, isRefused: (pod: Pod) => boolean): Promise<string> {
  for (let count = 1; ; count += 1) {
    const name = `waiting-${count}`;
    await pod(name, claimName, 'sleep 3000');
    const decided = await untilPod(name, (it) => isRefused(it) || it.spec.nodeName !== undefined);
    if (isRefused(decided)) return name;
    assert(count < 20, 'the scheduler never learned that the claim is being deleted');
    await api.send('DELETE', `${podsPath}/${name}`);
  }
}

test('a pod with spec.nodeName set does not start with a terminating claim', async () => {
  await claim('leaving');
  await untilClaim('leaving', (it) => it?.status?.phase === 'Bound');
  const hold = { metadata: { finalizers: [protection, 'x.dev/hold'] } };
  assert.equal((await api.send('PATCH', `${claims}/leaving`, hold, mergePatch)).code, 200);
  await api.send('DELETE', `${claims}/leaving`);
  await untilClaim('leaving', (it) => it?.metadata.finalizers?.join() === 'x.dev/hold');
  const { items } = await cluster.list(nodes);
  const nodeName = items[0]?.metadata.name;
  await pod('placed', 'leaving', 'sleep 3000', { nodeName });
  const scope = { namespace };
  const seen = await until(
    cluster,
    events,
    scope,
    (all) => all.some((it) => it.involvedObject.name === 'placed' && it.reason === 'FailedMount'),
    patience,
  );
  const why = seen.find((it) => it.involvedObject.name === 'placed' && it.reason === 'FailedMount');
  assert.match(why?.message ?? '', /PVC is being deleted/);
  assert.equal((await cluster.get(pods, 'placed', namespace)).status?.phase, 'Pending');
  await api.send('DELETE', `${podsPath}/placed`);
  await api.send('PATCH', `${claims}/leaving`, { metadata: { finalizers: null } }, mergePatch);
  await untilClaim('leaving', (it) => it === undefined);
});
