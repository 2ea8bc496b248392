import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configMap, pod, startBareServer, text, time } from '../bare-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const merge = { 'content-type': 'application/merge-patch+json' };

await test('create, get, replace and delete', async () => {
  await using server = await startBareServer();
  const created = await server.send('POST', maps, configMap('a', { data: { x: '1' } }));
  assert.equal(created.code, 201);
  const { metadata } = created.body;
  assert.equal(metadata?.['namespace'], 'default');
  assert.equal(metadata['creationTimestamp'], time.toISOString().replace('.400', ''));
  assert.match(text(metadata['uid']), /^[0-9a-f-]{36}$/);

  assert.deepEqual((await server.send('GET', `${maps}/a`)).body, created.body);
  const replaced = await server.send('PUT', `${maps}/a`, { ...created.body, data: { x: '2' } });
  assert.equal(replaced.code, 200);
  assert.deepEqual(replaced.body['data'], { x: '2' });
  assert.equal(replaced.body['metadata']?.['uid'], metadata['uid']);
  assert.notEqual(replaced.body['metadata']?.['resourceVersion'], metadata['resourceVersion']);

  const deleted = await server.send('DELETE', `${maps}/a`);
  assert.equal(deleted.body['status'], 'Success');
  assert.equal(deleted.body['details']?.['uid'], metadata['uid']);
  const gone = await server.send('GET', `${maps}/a`);
  assert.equal(gone.code, 404);
  assert.equal(gone.body['message'], 'configmaps "a" not found');
});

await test('what is wrong with a request is said as the real server says it', async () => {
  await using server = await startBareServer();
  await server.send('POST', maps, configMap('there'));
  const rows: [method: string, path: string, body: unknown, code: number, reason: string, message: RegExp][] =
    [
      ['POST', maps, configMap('there'), 409, 'AlreadyExists', /^configmaps "there" already exists$/],
      [
        'POST',
        maps,
        configMap('Not_A_Name'),
        422,
        'Invalid',
        /^ConfigMap "Not_A_Name" is invalid: metadata\.name: /,
      ],
      ['POST', maps, configMap('x', { metadata: {} }), 422, 'Invalid', /name or generateName is required/],
      ['POST', maps, pod('x'), 400, 'BadRequest', /Pod in version "v1" cannot be handled as a ConfigMap/],
      ['POST', maps, '{', 400, 'BadRequest', /cannot be read/],
      [
        'POST',
        maps,
        configMap('x', { metadata: { name: 'x', namespace: 'other' } }),
        400,
        'BadRequest',
        /does not match/,
      ],
      [
        'POST',
        '/api/v1/namespaces/nowhere/configmaps',
        configMap('x'),
        404,
        'NotFound',
        /^namespaces "nowhere" not found$/,
      ],
      ['POST', pods, { ...pod('x'), spec: {} }, 422, 'Invalid', /spec\.containers: Required value/],
      ['GET', '/api/v1/nothings', undefined, 404, 'NotFound', /could not find the requested resource/],
      ['GET', '/apis/nowhere/v1/things', undefined, 404, 'NotFound', /could not find the requested resource/],
      ['GET', '/nowhere', undefined, 404, 'NotFound', /could not find the requested resource/],
      ['POST', `${maps}/there`, configMap('there'), 405, 'MethodNotAllowed', /method/],
      ['PATCH', maps, {}, 405, 'MethodNotAllowed', /does not allow this method/],
      [
        'GET',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        undefined,
        405,
        'MethodNotAllowed',
        /method/,
      ],
      [
        'GET',
        `${maps}?labelSelector=a%3D%3D%3Db`,
        undefined,
        400,
        'BadRequest',
        /unable to parse requirement/,
      ],
      [
        'GET',
        `${maps}?fieldSelector=data.x%3D1`,
        undefined,
        400,
        'BadRequest',
        /field label not supported: data\.x/,
      ],
      ['GET', `${pods}/there/log`, undefined, 404, 'NotFound', /pods "there" not found/],
      ['POST', `${pods}/there/portforward`, undefined, 501, 'NotImplemented', /pods\/portforward/],
      [
        'POST',
        claims,
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec: {} },
        422,
        'Invalid',
        /spec\.accessModes: Required value: at least 1 access mode is required, spec\.resources\[storage\]: Required value/,
      ],
      [
        'POST',
        deployments,
        {
          metadata: { name: 'd' },
          spec: {
            selector: { matchLabels: { a: 'b' } },
            template: { spec: { containers: [{ name: 'c', image: 'i' }] } },
          },
        },
        422,
        'Invalid',
        /`selector` does not match template `labels`/,
      ],
      [
        'POST',
        pods,
        {
          metadata: { name: 'p' },
          spec: {
            containers: [
              { name: 'a.b', image: 'i', volumeMounts: [{ name: 'v.w', mountPath: '/x' }] },
              { name: 'c', image: 'i' },
              { name: 'c', image: 'i' },
            ],
            volumes: [
              { name: 'v.w', emptyDir: {} },
              { name: 'w', emptyDir: {} },
              { name: 'w', emptyDir: {} },
              { emptyDir: {} },
            ],
          },
        },
        422,
        'Invalid',
        new RegExp(
          [
            String.raw`spec\.volumes\[0\]\.name: Invalid value: "v\.w": must not contain dots`,
            String.raw`spec\.volumes\[2\]\.name: Duplicate value: "w"`,
            String.raw`spec\.volumes\[3\]\.name: Required value`,
            String.raw`spec\.containers\[0\]\.name: Invalid value: "a\.b": must not contain dots`,
            String.raw`spec\.containers\[0\]\.volumeMounts\[0\]\.name: Not found: "v\.w"`,
            String.raw`spec\.containers\[2\]\.name: Duplicate value: "c"`,
          ].join(', '),
        ),
      ],
    ];
  for (const [method, path, body, code, reason, message] of rows) {
    const answer = await server.send(method, path, body);
    assert.deepEqual(
      [answer.code, answer.body['reason'], answer.body['code']],
      [code, reason, code],
      `${method} ${path}`,
    );
    assert.match(text(answer.body['message']), message);
  }
  const typed = await server.send('POST', maps, '<a/>', { 'content-type': 'text/xml' });
  assert.equal(typed.code, 415);
  const huge = await server.send(
    'POST',
    maps,
    configMap('huge', { data: { x: 'x'.repeat(3.1 * 1024 * 1024) } }),
  );
  assert.equal(huge.code, 413);
  assert.equal((await server.send('GET', maps)).code, 200);
});

await test('generateName appends five characters that are free', async () => {
  await using server = await startBareServer();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => server.send('POST', maps, { metadata: { generateName: 'run-' } })),
  );
  const names = new Set(answers.map(({ body }) => text(body['metadata']?.['name'])));
  assert.equal(names.size, 20);
  for (const name of names) assert.match(name, /^run-[a-z0-9]{5}$/);
});

await test('an old version, a wrong UID and a wrong name are refused; no version means the latest', async () => {
  await using server = await startBareServer();
  const { body: first } = await server.send('POST', maps, configMap('a'));
  await server.send('PUT', `${maps}/a`, configMap('a', { data: { x: '1' } }));
  const stale = await server.send('PUT', `${maps}/a`, { ...first, data: { x: '2' } });
  assert.equal(stale.body['reason'], 'Conflict');
  assert.match(text(stale.body['message']), /the object has been modified; please apply your changes/);
  const version = first['metadata']?.['resourceVersion'];
  const patched = await server.send(
    'PATCH',
    `${maps}/a`,
    { metadata: { resourceVersion: version, labels: { a: 'b' } } },
    merge,
  );
  assert.equal(patched.code, 409);
  const wrongUid = await server.send('DELETE', `${maps}/a`, { preconditions: { uid: 'other' } });
  assert.equal(wrongUid.code, 409);
  assert.equal((await server.send('PUT', `${maps}/a`, configMap('b'))).code, 400);
  assert.deepEqual((await server.send('GET', `${maps}/a`)).body['data'], { x: '1' });
});

await test('a write that changes nothing makes no new version, a dry run none at all', async () => {
  await using server = await startBareServer();
  const { body } = await server.send('POST', maps, configMap('a', { data: { x: '1' } }));
  assert.deepEqual((await server.send('PUT', `${maps}/a`, body)).body, body);
  const dry = await server.send('PATCH', `${maps}/a?dryRun=All`, { data: { x: '2' } }, merge);
  assert.deepEqual(dry.body['data'], { x: '2' });
  assert.equal((await server.send('POST', `${maps}?dryRun=All`, configMap('b'))).code, 201);
  assert.equal((await server.send('DELETE', `${maps}/a?dryRun=All`)).code, 200);
  const { body: list } = await server.send('GET', maps);
  assert.deepEqual(list['items'], [body]);
});

await test('the status and the rest of an object are written separately, and only the rest counts generations', async () => {
  await using server = await startBareServer();
  const spec = {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  };
  const made = await server.send('POST', deployments, {
    metadata: { name: 'd' },
    spec,
    status: { replicas: 7 },
  });
  assert.deepEqual(made.body['status'], {});
  assert.equal(made.body['spec']?.['replicas'], 1);
  const status = await server.send(
    'PATCH',
    `${deployments}/d/status`,
    { spec: { replicas: 9 }, status: { replicas: 3 } },
    merge,
  );
  assert.deepEqual([status.body['spec']?.['replicas'], status.body['status']?.['replicas']], [1, 3]);
  assert.equal(status.body['metadata']?.['generation'], 1);
  const both = await server.send(
    'PATCH',
    `${deployments}/d`,
    { spec: { replicas: 2 }, status: { replicas: 8 } },
    merge,
  );
  assert.deepEqual([both.body['spec']?.['replicas'], both.body['status']?.['replicas']], [2, 3]);
  assert.equal(both.body['metadata']?.['generation'], 2);
  const scaled = await server.send('PATCH', `${deployments}/d/scale`, { spec: { replicas: 5 } }, merge);
  assert.deepEqual([scaled.body['kind'], scaled.body['spec']?.['replicas']], ['Scale', 5]);
  assert.equal((await server.send('GET', `${deployments}/d`)).body['spec']?.['replicas'], 5);
  assert.equal((await server.send('GET', `${maps}/a/status`)).code, 404);
});

await test('finalizers hold an object, a grace period holds a pod that has a node', async () => {
  await using server = await startBareServer();
  await server.send('POST', maps, { metadata: { name: 'a', finalizers: ['x/hold'] } });
  const held = await server.send('DELETE', `${maps}/a`);
  assert.ok(held.body['metadata']?.['deletionTimestamp']);
  const more = await server.send(
    'PATCH',
    `${maps}/a`,
    { metadata: { finalizers: ['x/hold', 'x/new'] } },
    merge,
  );
  assert.equal(more.code, 422);
  await server.send('PATCH', `${maps}/a`, { metadata: { finalizers: null } }, merge);
  assert.equal((await server.send('GET', `${maps}/a`)).code, 404);

  await server.send('POST', pods, pod('free'));
  await server.send('DELETE', `${pods}/free`);
  assert.equal((await server.send('GET', `${pods}/free`)).code, 404);
  await server.send('POST', pods, pod('placed', { spec: { nodeName: 'n' } }));
  const ending = await server.send('DELETE', `${pods}/placed`);
  assert.equal(ending.body['metadata']?.['deletionGracePeriodSeconds'], 30);
  assert.equal(ending.body['metadata']['deletionTimestamp'], '2024-05-01T10:00:30Z');
  await server.send('DELETE', `${pods}/placed`, { gracePeriodSeconds: 0 });
  assert.equal((await server.send('GET', `${pods}/placed`)).code, 404);
});

await test('what may not change does not', async () => {
  await using server = await startBareServer();
  const claim = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
  const made = await server.send('POST', claims, { metadata: { name: 'c' }, ...claim });
  assert.equal(made.body['spec']?.['storageClassName'], 'sandbox');
  const rows: [path: string, patch: unknown, message: RegExp][] = [
    [
      `${claims}/c`,
      { spec: { storageClassName: 'other' } },
      /spec is immutable after creation except resources\.requests/,
    ],
    [`${claims}/c`, { spec: { resources: { requests: { storage: '1Mi' } } } }, /can not be less than/],
    ['/apis/storage.k8s.io/v1/storageclasses/sandbox', { provisioner: 'other' }, /field is immutable/],
  ];
  for (const [path, patch, message] of rows) {
    const answer = await server.send('PATCH', path, patch, merge);
    assert.equal(answer.code, 422, path);
    assert.match(text(answer.body['message']), message);
  }
  assert.equal((await server.send('PATCH', `${claims}/c`, { spec: { volumeName: 'pv' } }, merge)).code, 200);
  const patch = { 'content-type': 'application/strategic-merge-patch+json' };
  const custom = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses/sandbox';
  assert.equal((await server.send('PATCH', custom, {}, patch)).code, 415);
});

await test('only who has the token gets in', async () => {
  await using server = await startBareServer();
  for (const authorization of ['', 'Bearer wrong', `Basic ${server.token}`, server.token]) {
    const { code, body } = await server.send('GET', '/api', undefined, { authorization });
    assert.deepEqual([code, body['kind'], body['reason']], [401, 'Status', 'Unauthorized']);
  }
  const rights = await server.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    spec: { resourceAttributes: { verb: 'create', resource: 'pods' } },
  });
  assert.equal(rights.body['status']?.['allowed'], true);
});

await test('selectors choose by labels and fields, in lists and in deletions of many', async () => {
  await using server = await startBareServer();
  for (const [name, labels] of Object.entries({ a: { app: 'x' }, b: { app: 'y', tier: 'db' }, c: {} })) {
    await server.send('POST', maps, { metadata: { name, labels } });
  }
  const rows: [query: string, names: string[]][] = [
    ['labelSelector=app%3Dx', ['a']],
    ['labelSelector=app!%3Dx', ['b', 'c']],
    ['labelSelector=app', ['a', 'b']],
    ['labelSelector=!app', ['c']],
    ['labelSelector=app+in+(x,y),tier', ['b']],
    ['labelSelector=app+notin+(x)', ['b', 'c']],
    ['fieldSelector=metadata.name%3Db', ['b']],
    ['fieldSelector=metadata.name!%3Db,metadata.namespace%3Ddefault', ['a', 'c']],
  ];
  const namesOf = async (query: string): Promise<unknown[]> => {
    const { body } = await server.send('GET', `${maps}?${query}`);
    return (body['items'] as unknown as { metadata: { name: string } }[]).map(
      ({ metadata }) => metadata.name,
    );
  };
  for (const [query, names] of rows) assert.deepEqual(await namesOf(query), names, query);
  await server.send('DELETE', `${maps}?labelSelector=app`);
  assert.deepEqual(await namesOf(''), ['c']);
});
