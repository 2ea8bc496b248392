import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim, Stored, Workload } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, pods } from '#src/api/resources.ts';
import { text } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { claimSpec, claimsOf, patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { mergePatch, metadataOf, refusalOf } from './requests.ts';
import { volumesOf } from './volumes-of.ts';

const api = await openApi();
const { cluster, storageClass } = api.server;
const { namespace } = api;
const { controllersSee } = claimsOf(api);
const { untilEvent } = volumesOf(api);
const sets = api.at('apps/v1', 'statefulsets');

type Policy = NonNullable<Workload['spec']['persistentVolumeClaimRetentionPolicy']>;

/** Its claims are `data-NAME-ORDINAL`; its pods start in parallel. */
function setOf(name: string, replicas: number, policy?: Policy): object {
  const container = {
    name: 'c',
    image: 'busybox',
    command: ['sleep', '3000'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  return {
    metadata: { name },
    spec: {
      replicas,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 1, containers: [container] },
      },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec(storageClass) }],
      ...(policy && { persistentVolumeClaimRetentionPolicy: policy }),
    },
  };
}

async function begin(name: string, replicas: number, policy?: Policy): Promise<string> {
  const made = await api.send('POST', sets, setOf(name, replicas, policy));
  assert.equal(made.code, 201);
  return text(metadataOf(made)['uid']);
}

type Claims = (ordinal: number) => Stored<PersistentVolumeClaim> | undefined;

async function untilClaims(name: string, satisfied: (claim: Claims) => boolean): Promise<Claims> {
  const look =
    (all: readonly Stored<PersistentVolumeClaim>[]): Claims =>
    (ordinal) =>
      all.find(({ metadata }) => metadata.name === `data-${name}-${ordinal}`);
  return look(
    await until(cluster, persistentVolumeClaims, { namespace }, (all) => satisfied(look(all)), patience),
  );
}

async function untilRunning(name: string, count: number): Promise<void> {
  const scope = { namespace, labelSelector: `app=${name}` };
  const isRunning = (all: { status?: { phase?: string } }[]): boolean =>
    all.filter(({ status }) => status?.phase === 'Running').length === count;
  await until(cluster, pods, scope, isRunning, patience);
}

const ownersOf = (claim: Stored<PersistentVolumeClaim> | undefined) => claim?.metadata.ownerReferences ?? [];
const patchSet = (name: string, spec: object) => api.send('PATCH', `${sets}/${name}`, { spec }, mergePatch);
const retain: Policy = { whenDeleted: 'Retain', whenScaled: 'Retain' };

test('a StatefulSet keeps its claims by default', async () => {
  const policies: [given: Policy | undefined, stored: Policy][] = [
    [undefined, retain],
    [{ whenScaled: 'Delete' }, { whenDeleted: 'Retain', whenScaled: 'Delete' }],
    [{ whenDeleted: 'Delete' }, { whenDeleted: 'Delete', whenScaled: 'Retain' }],
  ];
  for (const [given, stored] of policies) {
    const answer = await api.send('POST', `${sets}?dryRun=All`, setOf('dry', 0, given));
    assert.deepEqual(answer.body['spec']?.['persistentVolumeClaimRetentionPolicy'], stored);
  }
  const wrong = { ...retain, whenScaled: 'Keep' } as object as Policy;
  const refused = await api.send('POST', sets, setOf('dry', 0, wrong));
  assert.deepEqual(refusalOf(refused), {
    code: 422,
    status: 'Failure',
    reason: 'Invalid',
    name: 'dry',
    group: 'apps',
    kind: 'StatefulSet',
  });
  assert.deepEqual(refused.body['details']?.['causes'], [
    {
      reason: 'FieldValueNotSupported',
      message: 'Unsupported value: "Keep": supported values: "Retain", "Delete"',
      field: 'spec.persistentVolumeClaimRetentionPolicy.whenScaled',
    },
  ]);
});

test('whenDeleted Delete: the StatefulSet owns the claims, and they are deleted with it', async () => {
  const uid = await begin('gone', 2, { whenDeleted: 'Delete', whenScaled: 'Retain' });
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    name: 'gone',
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  await untilRunning('gone', 2);
  const owned = await untilClaims('gone', (claim) =>
    [0, 1].every((ordinal) => ownersOf(claim(ordinal)).length === 1),
  );
  for (const ordinal of [0, 1]) assert.deepEqual(ownersOf(owned(ordinal)), [owner]);

  await patchSet('gone', { persistentVolumeClaimRetentionPolicy: retain });
  await untilClaims('gone', (claim) =>
    [0, 1].every((ordinal) => claim(ordinal) !== undefined && ownersOf(claim(ordinal)).length === 0),
  );
  await patchSet('gone', { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } });
  await untilClaims('gone', (claim) => [0, 1].every((ordinal) => ownersOf(claim(ordinal)).length === 1));

  await api.send('DELETE', `${sets}/gone`, { propagationPolicy: 'Background' });
  await untilClaims('gone', (claim) => [0, 1].every((ordinal) => claim(ordinal) === undefined));
});

test('deleting a StatefulSet and orphaning its pods also orphans its claims', async () => {
  await begin('orphaning', 1, { whenDeleted: 'Delete', whenScaled: 'Delete' });
  await untilRunning('orphaning', 1);
  await untilClaims('orphaning', (claim) => ownersOf(claim(0)).length === 1);
  await api.send('DELETE', `${sets}/orphaning`, { propagationPolicy: 'Orphan' });
  const claim = await untilClaims('orphaning', (it) => it(0) !== undefined && ownersOf(it(0)).length === 0);
  assert.equal(claim(0)?.metadata.deletionTimestamp, undefined);
});

test('whenScaled Delete: the claim of a surplus replica is deleted with its pod', async () => {
  await begin('scaled', 2, { whenDeleted: 'Retain', whenScaled: 'Delete' });
  await untilRunning('scaled', 2);
  const before = await untilClaims('scaled', (claim) => claim(1)?.status?.phase === 'Bound');
  assert.deepEqual([ownersOf(before(0)), ownersOf(before(1))], [[], []]);

  // Keep the pod, and with it its claim, for inspection.
  const pod = api.at('v1', 'pods', 'scaled-1');
  const held = await api.send('PATCH', pod, { metadata: { finalizers: ['x.dev/hold'] } }, mergePatch);
  await patchSet('scaled', { replicas: 1 });
  const going = await untilClaims('scaled', (claim) => ownersOf(claim(1)).length === 1);
  assert.deepEqual(ownersOf(going(1)), [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'scaled-1',
      uid: text(metadataOf(held)['uid']),
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  assert.equal(going(1)?.metadata.deletionTimestamp, undefined);
  await until(cluster, pods, { namespace }, (all) =>
    all.some(({ metadata }) => metadata.name === 'scaled-1' && metadata.deletionTimestamp !== undefined),
  );
  await api.send('PATCH', pod, { metadata: { finalizers: null } }, mergePatch);
  const after = await untilClaims('scaled', (claim) => claim(1) === undefined);
  assert.deepEqual([after(0)?.status?.phase, ownersOf(after(0))], ['Bound', []]);

  await api.send('DELETE', `${sets}/scaled`, { propagationPolicy: 'Foreground' });
  await until(cluster, pods, { namespace, labelSelector: 'app=scaled' }, (all) => all.length === 0, patience);
  const kept = await untilClaims('scaled', (claim) => claim(0) !== undefined);
  assert.equal(kept(0)?.metadata.deletionTimestamp, undefined);
});

test('a pod is not created while its claim is terminating', async () => {
  const claims = api.at('v1', 'persistentvolumeclaims');
  const metadata = { name: 'data-waiting-0', finalizers: ['x.dev/hold'] };
  await api.send('POST', claims, { metadata, spec: claimSpec(storageClass) });
  await api.send('DELETE', `${claims}/data-waiting-0`);
  await controllersSee();
  await begin('waiting', 1);
  assert.equal(
    await untilEvent('waiting', 'FailedCreate'),
    'Create Pod waiting-0 in StatefulSet waiting failed error: pvc data-waiting-0 is being deleted',
  );
  const made = await cluster.list(pods, { namespace, labelSelector: 'app=waiting' });
  assert.deepEqual(made.items, []);

  await api.send('PATCH', `${claims}/data-waiting-0`, { metadata: { finalizers: null } }, mergePatch);
  await untilClaims('waiting', (claim) => claim(0)?.metadata.deletionTimestamp === undefined);
  // The controller does not watch claims, so change the StatefulSet to trigger it.
  await api.send('PATCH', `${sets}/waiting`, { metadata: { annotations: { again: 'now' } } }, mergePatch);
  await untilRunning('waiting', 1);
});
