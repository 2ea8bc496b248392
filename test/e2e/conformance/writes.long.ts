import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listOf, text } from '#test/support/json-client.ts';

import { openApi } from './open-api.ts';
import {
  idle,
  jsonPatch,
  mergePatch,
  messageOf,
  metadataOf,
  refusalOf,
  strategicPatch,
  unbound,
} from './requests.ts';

const api = await openApi();
const maps = api.at('v1', 'configmaps');
const deployments = api.at('apps/v1', 'deployments');
const modified =
  'the object has been modified; please apply your changes to the latest version and try again';

test('an object is created with UID, time and version; a replacement changes only the version', async () => {
  const created = await api.send('POST', maps, { metadata: { name: 'kept' }, data: { x: '1' } });
  assert.equal(created.code, 201);
  const { namespace, uid, creationTimestamp, resourceVersion } = metadataOf(created);
  assert.equal(namespace, api.namespace);
  assert.match(text(uid), /^[0-9a-f-]{36}$/);
  assert.match(text(creationTimestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const replaced = await api.send('PUT', `${maps}/kept`, { metadata: { name: 'kept' }, data: { x: '2' } });
  assert.deepEqual([replaced.code, replaced.body['data']], [200, { x: '2' }]);
  assert.equal(metadataOf(replaced)['uid'], uid);
  assert.equal(metadataOf(replaced)['creationTimestamp'], creationTimestamp);
  assert.notEqual(metadataOf(replaced)['resourceVersion'], resourceVersion);
  const same = await api.send('PUT', `${maps}/kept`, replaced.body);
  assert.equal(metadataOf(same)['resourceVersion'], metadataOf(replaced)['resourceVersion']);
});

test('a create request must not have a version', async () => {
  const metadata = { name: 'versioned', resourceVersion: '1' };
  const bodies: [path: string, body: object][] = [
    [maps, { metadata }],
    [deployments, { metadata, spec: idle() }],
    [api.at('v1', 'persistentvolumeclaims'), { metadata, spec: unbound() }],
    [
      api.at('snapshot.storage.k8s.io/v1', 'volumesnapshots'),
      {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshot',
        metadata,
        spec: { source: { persistentVolumeClaimName: 'none' } },
      },
    ],
    ['/api/v1/namespaces', { metadata: { ...metadata, name: `${api.namespace}-versioned` } }],
  ];
  for (const [path, body] of bodies) {
    const refused = await api.send('POST', path, body);
    assert.deepEqual(
      [refused.code, refused.body],
      [
        500,
        {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'resourceVersion should not be set on objects to be created',
          code: 500,
        },
      ],
    );
  }
  // Other errors are reported first, and a dry run stores nothing.
  const wrong = await api.send('POST', maps, { metadata: { ...metadata, name: 'Not_A_Name' } });
  assert.equal(wrong.code, 422);
  assert.equal((await api.send('POST', `${maps}?dryRun=All`, { metadata })).code, 201);
  for (const resourceVersion of ['', '0']) {
    const name = `versioned-${resourceVersion || 'empty'}`;
    assert.equal((await api.send('POST', maps, { metadata: { name, resourceVersion } })).code, 201);
  }
  assert.equal((await api.send('POST', maps, { metadata: { ...metadata, name: 'kept' } })).code, 500);
});

test('a write to an old version is a Conflict, in a replacement and in a merge patch', async () => {
  const first = await api.send('POST', maps, { metadata: { name: 'contended' } });
  const next = await api.send('PATCH', `${maps}/contended`, { data: { x: '1' } }, mergePatch);
  const { resourceVersion } = metadataOf(first);
  const stale = [
    await api.send('PUT', `${maps}/contended`, { ...first.body, data: { x: '2' } }),
    await api.send(
      'PATCH',
      `${maps}/contended`,
      { metadata: { resourceVersion }, data: { x: '2' } },
      mergePatch,
    ),
  ];
  for (const answer of stale) {
    assert.deepEqual(refusalOf(answer), {
      code: 409,
      status: 'Failure',
      reason: 'Conflict',
      name: 'contended',
      kind: 'configmaps',
    });
    assert.equal(messageOf(answer), `Operation cannot be fulfilled on configmaps "contended": ${modified}`);
  }
  const current = { resourceVersion: metadataOf(next)['resourceVersion'] };
  const fresh = await api.send(
    'PATCH',
    `${maps}/contended`,
    { metadata: current, data: { x: '3' } },
    mergePatch,
  );
  assert.deepEqual([fresh.code, fresh.body['data']], [200, { x: '3' }]);
});

test('generateName appends five characters', async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => api.send('POST', maps, { metadata: { generateName: 'run-' } })),
  );
  const names = new Set(answers.map((answer) => text(metadataOf(answer)['name'])));
  assert.equal(names.size, 5);
  for (const name of names) assert.match(name, /^run-[a-z0-9]{5}$/);
  const named = await api.send('POST', maps, { metadata: { name: 'its-own', generateName: 'run-' } });
  assert.equal(metadataOf(named)['name'], 'its-own');
});

test('status and spec are written separately, and only spec changes increase the generation', async () => {
  const created = await api.send('POST', deployments, {
    metadata: { name: 'apart' },
    spec: idle(),
    status: { replicas: 7 },
  });
  assert.deepEqual([created.body['status'], metadataOf(created)['generation']], [{}, 1]);
  const path = `${deployments}/apart`;
  const status = await api.send(
    'PATCH',
    `${path}/status`,
    { spec: { replicas: 9 }, status: { replicas: 3 }, metadata: { labels: { a: 'b' } } },
    mergePatch,
  );
  assert.deepEqual([status.body['spec']?.['replicas'], status.body['status']?.['replicas']], [0, 3]);
  assert.equal(metadataOf(status)['generation'], 1);
  const both = { spec: { revisionHistoryLimit: 2 }, status: { replicas: 8 } };
  const spec = await api.send('PATCH', path, both, mergePatch);
  assert.equal(spec.body['spec']?.['revisionHistoryLimit'], 2);
  assert.notEqual(spec.body['status']?.['replicas'], 8);
  assert.equal(metadataOf(spec)['generation'], 2);
  const labelled = await api.send('PATCH', path, { metadata: { labels: { a: 'b' } } }, mergePatch);
  assert.equal(metadataOf(labelled)['generation'], 2);
});

test('the scale subresource of a workload', async () => {
  await api.send('POST', deployments, { metadata: { name: 'scaled' }, spec: idle() });
  const path = `${deployments}/scaled/scale`;
  const scaled = await api.send('PATCH', `${path}?dryRun=All`, { spec: { replicas: 2 } }, mergePatch);
  assert.deepEqual(
    [
      scaled.body['apiVersion'],
      scaled.body['kind'],
      scaled.body['spec'],
      scaled.body['status']?.['selector'],
    ],
    ['autoscaling/v1', 'Scale', { replicas: 2 }, 'app=idle'],
  );
  const negative = await api.send('PATCH', path, { spec: { replicas: -1 } }, mergePatch);
  assert.equal(negative.code, 422);
  assert.equal(
    messageOf(negative),
    'Scale.autoscaling "scaled" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
});

test('a dry run answers like the write and changes nothing', async () => {
  const { body } = await api.send('POST', maps, { metadata: { name: 'dry' }, data: { x: '1' } });
  const created = await api.send('POST', `${maps}?dryRun=All`, { metadata: { name: 'never' } });
  assert.deepEqual([created.code, metadataOf(created)['resourceVersion']], [201, undefined]);
  const patched = await api.send('PATCH', `${maps}/dry?dryRun=All`, { data: { x: '2' } }, mergePatch);
  assert.deepEqual(patched.body['data'], { x: '2' });
  const deleted = await api.send('DELETE', `${maps}/dry?dryRun=All`);
  assert.deepEqual([deleted.code, deleted.body['status']], [200, 'Success']);
  const marked = await api.send('DELETE', `${maps}/dry?dryRun=All&propagationPolicy=Foreground`);
  assert.deepEqual(metadataOf(marked)['finalizers'], ['foregroundDeletion']);
  assert.deepEqual((await api.send('GET', `${maps}/dry`)).body, body);
  assert.equal((await api.send('GET', `${maps}/never`)).code, 404);
  const unknown = await api.send('POST', `${maps}?dryRun=Some`, { metadata: { name: 'never' } });
  assert.deepEqual([unknown.code, unknown.body['reason']], [422, 'Invalid']);
});

test('merge patches and JSON patches', async () => {
  await api.send('POST', maps, {
    metadata: { name: 'patched', labels: { l: '1' } },
    data: { x: '1', y: '2' },
  });
  const path = `${maps}/patched`;
  const merged = await api.send('PATCH', path, { data: { x: null, z: '3' } }, mergePatch);
  assert.deepEqual(merged.body['data'], { y: '2', z: '3' });
  const operations = [
    { op: 'test', path: '/data/z', value: '3' },
    { op: 'add', path: '/data/w', value: '4' },
    { op: 'remove', path: '/data/y' },
    { op: 'replace', path: '/data/z', value: '5' },
    { op: 'copy', from: '/data/w', path: '/data/k' },
    { op: 'move', from: '/data/k', path: '/data/m' },
    { op: 'replace', path: '/data/new', value: '6' },
    { op: 'add', path: '/metadata/labels/a.b~1c', value: 'v' },
  ];
  const edited = await api.send('PATCH', path, operations, jsonPatch);
  assert.deepEqual(edited.body['data'], { m: '4', new: '6', w: '4', z: '5' });
  assert.deepEqual(metadataOf(edited)['labels'], { 'a.b/c': 'v', l: '1' });
  const rows: [operation: object, code: number, reason: string][] = [
    [[{ op: 'test', path: '/data/z', value: 'no' }], 422, 'Invalid'],
    [[{ op: 'remove', path: '/data/nothing' }], 422, 'Invalid'],
    [[{ op: 'jump', path: '/data/z' }], 422, 'Invalid'],
    [{}, 400, 'BadRequest'],
  ];
  for (const [patch, code, reason] of rows) {
    const answer = await api.send('PATCH', path, patch, jsonPatch);
    assert.deepEqual([answer.code, answer.body['reason']], [code, reason], JSON.stringify(patch));
  }
  const list = await api.send('PATCH', path, [], mergePatch);
  assert.deepEqual([list.code, list.body['reason']], [400, 'BadRequest']);
  assert.deepEqual((await api.send('GET', path)).body['data'], edited.body['data']);
});

test('a strategic merge patch merges lists by name, keeps their order and obeys its directives', async () => {
  await api.send('POST', deployments, { metadata: { name: 'merged' }, spec: idle() });
  const path = `${deployments}/merged`;
  const rows: [podSpec: object, containers: string][] = [
    [{ containers: [{ name: 'e', image: 'j', env: env('A=1', 'B=2') }] }, 'e(A=1,B=2) c()'],
    [{ containers: [{ name: 'e', command: ['x'], env: env('A=9', 'C=3') }] }, 'e(A=9,C=3,B=2) c()'],
    [{ containers: [{ name: 'e', env: [{ name: 'B', $patch: 'delete' }] }] }, 'e(A=9,C=3) c()'],
    [
      {
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'e' }],
        containers: [{ name: 'e', image: 'k' }],
      },
      'c() e(A=9,C=3)',
    ],
    [{ containers: [{ name: 'c', $patch: 'delete' }] }, 'e(A=9,C=3)'],
    [{ containers: [{ $patch: 'replace' }, { name: 'n', image: 'n' }] }, 'n()'],
  ];
  for (const [podSpec, containers] of rows) {
    const patch = { spec: { template: { spec: podSpec } } };
    const { body } = await api.send('PATCH', path, patch, strategicPatch);
    const shown = listOf(body['spec']?.['template']?.['spec']?.['containers']).map(
      (container) =>
        `${text(container['name'])}(${listOf(container['env'])
          .map((each) => `${text(each['name'])}=${text(each['value'])}`)
          .join()})`,
    );
    assert.equal(shown.join(' '), containers, JSON.stringify(podSpec));
  }
  const recreate = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
  const { body } = await api.send('PATCH', path, recreate, strategicPatch);
  assert.deepEqual(body['spec']?.['strategy'], { type: 'Recreate' });
});

function env(...pairs: string[]): object[] {
  return pairs.map((pair) => {
    const [name, value] = pair.split('=');
    return { name, value };
  });
}
