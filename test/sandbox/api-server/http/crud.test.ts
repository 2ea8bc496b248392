import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configMap, pod, startBareServer } from '../bare-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

await test('unsupported requests are NotImplemented, and too large bodies are refused', async () => {
  await using server = await startBareServer();
  await server.send('POST', pods, pod('there'));
  const attached = await server.send('POST', `${pods}/there/attach`);
  const forwarded = await server.send('POST', `${pods}/there/portforward`);
  for (const { code, body } of [attached, forwarded]) {
    assert.deepEqual([code, body['reason']], [501, 'NotImplemented']);
  }
  const message =
    `the sandbox does not support port-forward; ${pods}/there:PORT/proxy/metrics ` +
    'leads to an HTTP port of the pod: kubectl get --raw PATH';
  assert.equal(forwarded.body['message'], message);
  assert.equal((await server.send('POST', `${pods}/gone/portforward`)).code, 404);
  const data = { x: 'x'.repeat(3.1 * 1024 * 1024) };
  assert.equal((await server.send('POST', maps, configMap('huge', { data }))).code, 413);
  assert.equal((await server.send('GET', maps)).code, 200);
});

await test('a scheduled pod stays for its grace period', async () => {
  await using server = await startBareServer();
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

await test('access needs the token', async () => {
  await using server = await startBareServer();
  for (const authorization of ['Bearer wrong', 'bearer wrong']) {
    const { code, body } = await server.send('GET', '/api', undefined, { authorization });
    assert.deepEqual([code, body['kind'], body['reason']], [401, 'Status', 'Unauthorized']);
  }
  // A request without a bearer token is anonymous: it may read little more than the version.
  for (const authorization of ['', `Basic ${server.token}`, server.token]) {
    const { code, body } = await server.send('GET', '/api', undefined, { authorization });
    assert.deepEqual([code, body['kind'], body['reason']], [403, 'Status', 'Forbidden']);
    assert.equal(body['message'], 'forbidden: User "system:anonymous" cannot get path "/api"');
    assert.equal((await server.send('GET', '/version', undefined, { authorization })).code, 200);
  }
  const rights = await server.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    spec: { resourceAttributes: { verb: 'create', resource: 'pods' } },
  });
  assert.equal(rights.body['status']?.['allowed'], true);
});
