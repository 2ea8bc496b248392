import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseListenAddress } from '#src/operator/listen-address.ts';
import { serve } from '#src/operator/serve.ts';

test('reports its address, and listens only on the given host', async () => {
  const health = { healthy: () => undefined, ready: () => undefined };
  const metrics = { text: () => Promise.resolve(''), contentType: 'text/plain' };
  const rows = [
    [undefined, /^:\d+$/],
    ['127.0.0.1', /^127\.0\.0\.1:\d+$/],
  ] as const;
  for (const [host, address] of rows) {
    const server = await serve({ host, port: 0 }, { ...health, metrics });
    assert.match(server.address, address);
    await server.close();
  }
});

test('answers with the result of the checks at the time of the request', async () => {
  const state: { sick?: string } = {};
  let scrape = () => Promise.resolve('a 1\n');
  const server = await serve(
    { host: '127.0.0.1', port: 0 },
    {
      healthy: () => state.sick,
      ready: () => 'not yet',
      metrics: { text: () => scrape(), contentType: 'text/plain; version=0.0.4' },
    },
  );
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(server.url + path, { method });
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await ask('/healthz'), [200, 'ok\n']);
  assert.deepEqual(await ask('/healthz?verbose'), [200, 'ok\n']);
  assert.deepEqual(await ask('/healthz', 'HEAD'), [200, '']);
  state.sick = 'it hangs';
  assert.deepEqual(await ask('/healthz'), [503, 'it hangs\n']);
  assert.deepEqual(await ask('/readyz'), [503, 'not yet\n']);
  assert.deepEqual(await ask('/metrics'), [200, 'a 1\n']);
  scrape = () => Promise.reject(new Error('no numbers'));
  assert.deepEqual(await ask('/metrics'), [500, 'no numbers\n']);
  assert.equal((await ask('/'))[0], 404);
  assert.equal((await ask('/constructor'))[0], 404);
  assert.equal((await ask('/metrics', 'POST'))[0], 405);
  await server.close();
});

const addresses: [string, object | undefined][] = [
  [':8080', { port: 8080 }],
  [':0', { port: 0 }],
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['8080', undefined],
  ['::1:80', undefined],
  [':65536', undefined],
  [':x', undefined],
  ['', undefined],
];

for (const [text, address] of addresses) {
  test(`--listen=${text}`, () => {
    if (address === undefined) assert.throws(() => parseListenAddress(text), { kind: 'usage' });
    else assert.deepEqual(parseListenAddress(text), address);
  });
}
