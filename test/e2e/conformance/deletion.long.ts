import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { namespaces, type Resource } from '#src/api/resources.ts';
import { text, type Json } from '#test/support/json-client.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';
import { mergePatch, messageOf, metadataOf, refusalOf } from './requests.ts';

const api = await openApi();
const maps = api.at('v1', 'configmaps');
const configMaps: Resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

function untilMaps(satisfied: (find: (name: string) => KubernetesObject | undefined) => boolean) {
  return until(api.server.cluster, configMaps, { namespace: api.namespace }, (items) =>
    satisfied((name) => items.find(({ metadata }) => metadata.name === name)),
  );
}

/** Creates an owner, and a dependent that blocks its deletion. */
async function family(name: string, finalizers: string[] = []): Promise<string> {
  const owner = await api.send('POST', maps, { metadata: { name } });
  const uid = text(metadataOf(owner)['uid']);
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true };
  const child = { metadata: { name: `${name}-child`, finalizers, ownerReferences: [reference] } };
  assert.equal((await api.send('POST', maps, child)).code, 201);
  return uid;
}

test('a deletion has preconditions on UID and version', async () => {
  const { body } = await api.send('POST', maps, { metadata: { name: 'meant' } });
  const { uid, resourceVersion } = body['metadata'] as Json;
  const rows: [preconditions: object, why: string][] = [
    [
      { uid: 'other' },
      `the UID in the precondition (other) does not match the UID in record (${text(uid)}). ` +
        'The object might have been deleted and then recreated',
    ],
    [
      { resourceVersion: '1' },
      'the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ' +
        `(${text(resourceVersion)}). The object might have been modified`,
    ],
  ];
  for (const [preconditions, why] of rows) {
    const answer = await api.send('DELETE', `${maps}/meant`, { preconditions });
    assert.deepEqual(refusalOf(answer), {
      code: 409,
      status: 'Failure',
      reason: 'Conflict',
      name: 'meant',
      kind: 'ConfigMap',
    });
    assert.equal(messageOf(answer), `Operation cannot be fulfilled on ConfigMap "meant": ${why}`);
  }
  const deleted = await api.send('DELETE', `${maps}/meant`, { preconditions: { uid, resourceVersion } });
  assert.deepEqual(deleted.body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'meant', kind: 'configmaps', uid },
  });
  const gone = await api.send('GET', `${maps}/meant`);
  assert.deepEqual(gone.body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'configmaps "meant" not found',
    reason: 'NotFound',
    details: { name: 'meant', kind: 'configmaps' },
    code: 404,
  });
});

test('finalizers keep a terminating object, which accepts changes but no new finalizers', async () => {
  await api.send('POST', maps, { metadata: { name: 'held', finalizers: ['x.dev/hold'] } });
  const held = await api.send('DELETE', `${maps}/held`);
  assert.equal(held.body['kind'], 'ConfigMap');
  assert.match(text(metadataOf(held)['deletionTimestamp']), /Z$/);
  assert.equal(metadataOf(held)['deletionGracePeriodSeconds'], 0);
  const again = await api.send('DELETE', `${maps}/held`);
  assert.equal(metadataOf(again)['resourceVersion'], metadataOf(held)['resourceVersion']);
  const more = { metadata: { finalizers: ['x.dev/hold', 'x.dev/more'] } };
  const refused = await api.send('PATCH', `${maps}/held`, more, mergePatch);
  assert.equal(refused.code, 422);
  assert.equal(
    messageOf(refused),
    'ConfigMap "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is ' +
      'being deleted, found new finalizers []string{"x.dev/more"}',
  );
  assert.equal((await api.send('PATCH', `${maps}/held`, { data: { x: '1' } }, mergePatch)).code, 200);
  const released = await api.send('PATCH', `${maps}/held`, { metadata: { finalizers: null } }, mergePatch);
  assert.equal(released.code, 200);
  assert.equal((await api.send('GET', `${maps}/held`)).code, 404);
});

test('background: the owner is deleted at once, its dependents afterwards', async () => {
  await family('background');
  await api.send('DELETE', `${maps}/background`, { propagationPolicy: 'Background' });
  assert.equal((await api.send('GET', `${maps}/background`)).code, 404);
  await untilMaps((find) => find('background-child') === undefined);
});

test('foreground: the owner waits for the dependents that block it', async () => {
  await family('foreground', ['x.dev/hold']);
  const { body } = await api.send('DELETE', `${maps}/foreground`, { propagationPolicy: 'Foreground' });
  assert.deepEqual(body['metadata']?.['finalizers'], ['foregroundDeletion']);
  await untilMaps((find) => find('foreground-child')?.metadata.deletionTimestamp !== undefined);
  assert.equal((await api.send('GET', `${maps}/foreground`)).code, 200);
  await api.send('PATCH', `${maps}/foreground-child`, { metadata: { finalizers: null } }, mergePatch);
  await untilMaps((find) => find('foreground') === undefined && find('foreground-child') === undefined);
});

test('orphan: the dependents stay and lose their owner reference', async () => {
  await family('orphaned');
  const { body } = await api.send('DELETE', `${maps}/orphaned`, { propagationPolicy: 'Orphan' });
  assert.deepEqual(body['metadata']?.['finalizers'], ['orphan']);
  await untilMaps((find) => find('orphaned') === undefined);
  const child = await api.send('GET', `${maps}/orphaned-child`);
  assert.deepEqual([child.code, metadataOf(child)['ownerReferences']], [200, undefined]);
});

test('a dependent with another owner stays, and loses the reference to the deleted one', async () => {
  const gone = await family('one-of-two');
  const other = await api.send('POST', maps, { metadata: { name: 'two-of-two' } });
  const uid = text(metadataOf(other)['uid']);
  const references = [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'one-of-two', uid: gone },
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'two-of-two', uid },
  ];
  const patch = { metadata: { ownerReferences: references } };
  await api.send('PATCH', `${maps}/one-of-two-child`, patch, mergePatch);
  await api.send('DELETE', `${maps}/one-of-two`);
  await untilMaps((find) => find('one-of-two-child')?.metadata.ownerReferences?.length === 1);
  const child = await api.send('GET', `${maps}/one-of-two-child`);
  assert.equal(metadataOf(child)['ownerReferences']?.[0]?.['uid'], uid);
});

test('deleting a namespace deletes its objects, and refuses new ones', async () => {
  const made = await api.send('POST', '/api/v1/namespaces', { metadata: { generateName: 'conformance-' } });
  const name = text(metadataOf(made)['name']);
  assert.deepEqual(made.body['status'], { phase: 'Active' });
  assert.deepEqual(metadataOf(made)['labels'], { 'kubernetes.io/metadata.name': name });
  const path = `/api/v1/namespaces/${name}`;
  const held = { metadata: { name: 'held', finalizers: ['x.dev/hold'] } };
  await api.send('POST', `${path}/configmaps`, held);
  const deleted = await api.send('DELETE', path);
  assert.deepEqual([deleted.body['kind'], deleted.body['status']?.['phase']], ['Namespace', 'Terminating']);

  const refused = await api.send('POST', `${path}/configmaps`, { metadata: { name: 'late' } });
  assert.equal(refused.code, 403);
  assert.equal(
    messageOf(refused),
    `configmaps "late" is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
  );
  assert.deepEqual(refused.body['details'], {
    name: 'late',
    kind: 'configmaps',
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${name} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
  await until(api.server.cluster, configMaps, { namespace: name }, (items) =>
    items.every(({ metadata }) => metadata.deletionTimestamp !== undefined),
  );
  await api.send('PATCH', `${path}/configmaps/held`, { metadata: { finalizers: null } }, mergePatch);
  await until(api.server.cluster, namespaces, {}, (items) =>
    items.every(({ metadata }) => metadata.name !== name),
  );
  // Admission uses a cache of its own, which may learn of the deletion a moment later than our watch.
  let late = refused;
  for (let asked = 0; late.code === 403 && asked < 200; asked += 1) {
    late = await api.send('POST', `${path}/configmaps`, { metadata: { name: 'late' } });
    await setTimeout(25);
  }
  assert.deepEqual([late.code, messageOf(late)], [404, `namespaces "${name}" not found`]);
});
