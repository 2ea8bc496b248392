import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createJsonClient } from '#test/support/json-client.ts';

import { startBareServer, text } from '../bare-server.ts';

const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const accounts = '/api/v1/namespaces/default/serviceaccounts';

await test('a token is valid until it expires or its service account is deleted', async () => {
  let now = new Date('2024-05-01T10:00:00Z');
  await using server = await startBareServer({ now: () => now });

  async function tokenFor(name: string, seconds: number): Promise<() => Promise<[number, string]>> {
    const body = { spec: { expirationSeconds: seconds } };
    const { code, body: answer } = await server.send('POST', `${accounts}/${name}/token`, body);
    assert.equal(code, 201);
    const expires = new Date(now.getTime() + seconds * 1000).toISOString().replace('.000', '');
    assert.equal(text(answer['status']?.['expirationTimestamp']), expires);
    const authorization = `Bearer ${text(answer['status']?.['token'])}`;
    return async () => {
      const client = createJsonClient(server.url, { ca: server.certificate }, { authorization });
      const reply = await client.send('POST', path, review);
      client.close();
      return [reply.code, text(reply.body['status']?.['userInfo']?.['username'])];
    };
  }

  for (const name of ['short', 'long']) await server.send('POST', accounts, { metadata: { name } });
  const short = await tokenFor('short', 600);
  const long = await tokenFor('long', 6000);
  assert.deepEqual(await short(), [201, 'system:serviceaccount:default:short']);
  assert.deepEqual(await long(), [201, 'system:serviceaccount:default:long']);
  now = new Date(now.getTime() + 601_000);
  assert.equal((await short())[0], 401);
  assert.equal((await long())[0], 201);
  // The token does not work for another account of the same name.
  await server.send('DELETE', `${accounts}/long`);
  assert.equal((await long())[0], 401);
  await server.send('POST', accounts, { metadata: { name: 'long' } });
  assert.equal((await long())[0], 401);
  const admin = await server.send('POST', path, review);
  assert.equal(text(admin.body['status']?.['userInfo']?.['username']), 'sandbox-admin');
  assert.equal((await server.send('GET', `${accounts}/long/token`)).code, 405);
});
