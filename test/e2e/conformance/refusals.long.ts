import assert from 'node:assert/strict';
import { test } from 'node:test';

import { text, type Answer } from '#test/support/json-client.ts';

import { openApi } from './open-api.ts';
import { mergePatch, messageOf, strategicPatch } from './requests.ts';

const api = await openApi();
const maps = api.at('v1', 'configmaps');
const deployments = api.at('apps/v1', 'deployments');
const snapshots = api.at('snapshot.storage.k8s.io/v1', 'volumesnapshots');
await api.send('POST', maps, { metadata: { name: 'there' } });

test('missing objects, existing objects, and methods that a path does not allow', async () => {
  const there = { metadata: { name: 'there' } };
  const noSuch = 'the server could not find the requested resource';
  const noMethod = 'the server does not allow this method on the requested resource';
  const rows: [
    method: string,
    path: string,
    body: unknown,
    code: number,
    message: string,
    details: object,
  ][] = [
    [
      'GET',
      `${maps}/none`,
      undefined,
      404,
      'configmaps "none" not found',
      { name: 'none', kind: 'configmaps' },
    ],
    [
      'DELETE',
      `${deployments}/none`,
      undefined,
      404,
      'deployments.apps "none" not found',
      { name: 'none', group: 'apps', kind: 'deployments' },
    ],
    [
      'POST',
      '/api/v1/namespaces/nowhere/configmaps',
      there,
      404,
      'namespaces "nowhere" not found',
      { name: 'nowhere', kind: 'namespaces' },
    ],
    [
      'GET',
      api.at('v1', 'pods', 'none', 'log'),
      undefined,
      404,
      'pods "none" not found',
      { name: 'none', kind: 'pods' },
    ],
    ['GET', '/api/v1/nothings', undefined, 404, noSuch, {}],
    ['GET', `${maps}/there/status`, undefined, 404, noSuch, {}],
    ['POST', `${maps}/there`, there, 405, noMethod, {}],
    ['PUT', maps, there, 405, noMethod, {}],
    ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', undefined, 405, noMethod, {}],
    ['POST', maps, there, 409, 'configmaps "there" already exists', { name: 'there', kind: 'configmaps' }],
  ];
  const reasons = new Map([
    [404, 'NotFound'],
    [405, 'MethodNotAllowed'],
    [409, 'AlreadyExists'],
  ]);
  for (const [method, path, body, code, message, details] of rows) {
    const answer = await api.send(method, path, body);
    const reason = reasons.get(code);
    const head = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
    assert.deepEqual(answer.body, { ...head, message, reason, details, code }, `${method} ${path}`);
    assert.equal(answer.code, code);
  }
  for (const path of ['/nowhere', '/apis/nowhere/v1/things']) {
    const answer = await api.send('GET', path);
    assert.deepEqual([answer.code, answer.body], [404, '404 page not found\n']);
  }
});

test('an unreadable body, or one of another kind, name or namespace', async () => {
  const form = { 'content-type': 'text/xml' };
  const classes = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses';
  const rows: [answer: Answer, code: number, reason: string, message: RegExp][] = [
    [await api.send('POST', maps, '{'), 400, 'BadRequest', /./],
    [await api.send('POST', maps, '[]'), 400, 'BadRequest', /./],
    [await api.send('POST', maps, ''), 400, 'BadRequest', /./],
    [
      await api.send('POST', maps, '<a/>', form),
      415,
      'UnsupportedMediaType',
      /^the body of the request was in an unknown format - accepted media types include: application\/json/,
    ],
    [
      await api.send('PATCH', `${classes}/${api.server.snapshotClass}`, {}, strategicPatch),
      415,
      'UnsupportedMediaType',
      /accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
    ],
    [
      await api.send('PATCH', `${maps}/there`, {}, { 'content-type': 'application/json' }),
      415,
      'UnsupportedMediaType',
      /./,
    ],
    [
      await api.send('POST', maps, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }),
      400,
      'BadRequest',
      /^Pod in version "v1" cannot be handled as a ConfigMap: /,
    ],
    [
      await api.send('POST', snapshots, { metadata: { name: 'x' } }),
      400,
      'BadRequest',
      /^the object provided is unrecognized \(must be of type VolumeSnapshot\): Object 'Kind' is missing in/,
    ],
    [
      await api.send('POST', maps, { metadata: { name: 'x', namespace: 'other' } }),
      400,
      'BadRequest',
      /^the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [
      await api.send('PUT', `${maps}/there`, { metadata: { name: 'there', namespace: 'other' } }),
      400,
      'BadRequest',
      /^the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [
      await api.send('PUT', `${maps}/there`, { metadata: { name: 'another' } }),
      400,
      'BadRequest',
      /^the name of the object \(another\) does not match the name on the URL \(there\)$/,
    ],
    [
      await api.send('PUT', `${maps}/there`, { metadata: { name: 'there', uid: 'other' } }),
      409,
      'Conflict',
      /Precondition failed: UID in precondition: other, UID in object meta: /,
    ],
    [
      await api.send('PATCH', `${maps}/there`, { metadata: { uid: 'other' } }, mergePatch),
      422,
      'Invalid',
      /^ConfigMap "there" is invalid: metadata\.uid: Invalid value: "other": field is immutable$/,
    ],
  ];
  for (const [{ code, body }, expected, reason, message] of rows) {
    assert.deepEqual([code, body['code'], body['reason']], [expected, expected, reason], String(message));
    assert.match(text(body['message']), message);
  }
});

test('invalid selectors', async () => {
  const label = ['a===b', 'a in b', '-a=b', 'a=-b-', ',', 'a in (-b-)', 'a in (b?)'];
  for (const selector of label) {
    const answer = await api.send('GET', `${maps}?labelSelector=${encodeURIComponent(selector)}`);
    assert.deepEqual([answer.code, answer.body['reason']], [400, 'BadRequest'], selector);
  }
  const rows: [path: string, selector: string, message: string][] = [
    [maps, 'data.x=1', '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    [api.at('v1', 'pods'), 'spec.x=1', 'field label not supported: spec.x'],
    [snapshots, 'spec.x=1', 'field label not supported: spec.x'],
    [maps, 'metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    [maps, 'metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
    [maps, 'metadata.name=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
    [maps, 'metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
  ];
  for (const [path, selector, message] of rows) {
    const answer = await api.send('GET', `${path}?fieldSelector=${encodeURIComponent(selector)}`);
    assert.deepEqual([answer.code, answer.body['reason'], messageOf(answer)], [400, 'BadRequest', message]);
  }
  for (const name of ['a\\=b', 'a\\,b', 'a\\\\']) {
    const query = encodeURIComponent(`metadata.name=${name}`);
    const answer = await api.send('GET', `${maps}?fieldSelector=${query}`);
    assert.deepEqual([answer.code, answer.body['items']], [200, []], name);
  }
});
