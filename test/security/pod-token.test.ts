/**
 * The token of the pod that the program runs in goes to the server of the in-cluster configuration only. Holds: a hook
 * in a pod of ours ran `list --server=https://elsewhere --insecure-skip-tls-verify`, which sent it away.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ConnectionFlags } from '#src/cluster/connection.ts';
import { findKubeconfig, type Environment } from '#src/cluster/find-kubeconfig.ts';
import { resolveSettings, type Settings } from '#src/cluster/settings.ts';

const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

async function settings(flags: ConnectionFlags, more: Environment = {}): Promise<Settings> {
  const read = (path: string) => Promise.resolve(path.endsWith('/token') ? 'swordfish' : undefined);
  return resolveSettings(flags, await findKubeconfig(flags, { ...env, ...more }, read));
}

test('without flags, the token goes to the server of the cluster', async () => {
  for (const flags of [{}, { insecureSkipTlsVerify: false }, { namespace: 'other' }]) {
    const { server, userEntry } = await settings(flags);
    assert.equal(server, 'https://10.0.0.1:443');
    assert.match(userEntry.tokenFile ?? '', /token$/);
  }
});

test('another server gets no token', async () => {
  for (const more of [
    {},
    { insecureSkipTlsVerify: true },
    { as: 'jane' },
    { clientCertificate: '/a', clientKey: '/b' },
  ]) {
    const { userEntry, server } = await settings({ server: 'https://elsewhere', ...more });
    assert.equal(server, 'https://elsewhere');
    assert.deepEqual([userEntry.token, userEntry.tokenFile], [undefined, undefined]);
  }
});

test('a server that is not verified gets no token', async () => {
  for (const flags of [
    { insecureSkipTlsVerify: true },
    { certificateAuthority: '/evil.crt' },
    { tlsServerName: 'evil' },
  ]) {
    await assert.rejects(settings(flags), { kind: 'usage', message: /token of the pod/ });
    assert.equal((await settings({ ...flags, token: 'mine' })).userEntry.tokenFile, undefined);
  }
});

test('the program does not use the token while Node would print it or accept any certificate', async () => {
  for (const name of ['NODE_DEBUG', 'NODE_TLS_REJECT_UNAUTHORIZED']) {
    await assert.rejects(settings({}, { [name]: '0' }), {
      kind: 'precondition',
      message: `$${name} is set: it could give the token of the pod away`,
    });
  }
  assert.equal((await settings({}, { NODE_DEBUG: '' })).server, 'https://10.0.0.1:443');
});
