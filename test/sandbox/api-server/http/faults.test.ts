import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configMap, startBareServer } from '../bare-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';

await test('requests fail, are cut or lose their answer on demand, and are counted', async () => {
  await using server = await startBareServer();
  const { interference } = server;
  const busy = { kind: 'fail', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 } as const;
  interference.inject({ verb: 'create', plural: 'configmaps', nth: 2, effect: busy });
  assert.equal((await server.send('POST', maps, configMap('a'))).code, 201);
  const refused = await server.send('POST', maps, configMap('b'));
  assert.deepEqual([refused.code, refused.headers['retry-after']], [429, '1']);
  assert.equal((await server.send('POST', maps, configMap('b'))).code, 201);
  interference.inject({ verb: 'create', effect: { kind: 'cut' } });
  await assert.rejects(server.send('POST', maps, configMap('c')));
  assert.equal((await server.send('GET', `${maps}/c`)).code, 404);
  interference.inject({ verb: 'create', effect: { kind: 'cut-after' } });
  await assert.rejects(server.send('POST', maps, configMap('c')));
  assert.equal((await server.send('GET', `${maps}/c`)).code, 200);
  const { requests } = interference;
  assert.deepEqual([requests.count(), requests.count({ verb: 'create', plural: 'configmaps' })], [7, 5]);
  requests.reset();
  assert.equal(requests.count(), 0);
});
