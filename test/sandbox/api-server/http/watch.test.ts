import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { configMap, startBareServer, text, type Json } from '../bare-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };

function summary(event: Json): unknown[] {
  return [event['type'], event['object']?.['metadata']?.['name']];
}

await test('a marked bookmark ends the initial events, and further bookmarks follow', async () => {
  await using server = await startBareServer({ bookmarkMilliseconds: 5 });
  await server.send('POST', maps, configMap('a'));
  const query =
    'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  const watch = await server.watch(`${maps}?${query}`);
  assert.deepEqual(summary(await watch.next()), ['ADDED', 'a']);
  const end = await watch.next();
  assert.equal(end['type'], 'BOOKMARK');
  assert.equal(end['object']?.['metadata']?.['annotations']?.['k8s.io/initial-events-end'], 'true');
  const later = await watch.next();
  assert.equal(later['type'], 'BOOKMARK');
  assert.equal(later['object']?.['metadata']?.['annotations'], undefined);
  assert.equal(later['object']?.['metadata']?.['resourceVersion'], String(server.api.store.version()));
});

await test('a version that is too old is Expired', async () => {
  await using server = await startBareServer({ historyLimit: 2 });
  const { body } = await server.send('POST', maps, configMap('a'));
  for (const x of ['1', '2', '3']) await server.send('PATCH', `${maps}/a`, { data: { x } }, merge);
  const version = text(body['metadata']?.['resourceVersion']);
  const watch = await server.watch(`${maps}?watch=true&resourceVersion=${version}`);
  const event = await watch.next();
  assert.deepEqual(
    [event['type'], event['object']?.['code'], event['object']?.['reason']],
    ['ERROR', 410, 'Expired'],
  );
  assert.equal(await watch.next(), undefined);
});

await test('a watch can send table rows', async () => {
  await using server = await startBareServer();
  await server.send('POST', maps, configMap('a', { data: { x: '1' } }));
  const watch = await server.watch(`${maps}?watch=true`, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const event = await watch.next();
  assert.deepEqual([event['type'], event['object']?.['kind']], ['ADDED', 'Table']);
  assert.deepEqual(event['object']?.['rows']?.[0]?.['cells'], ['a', 1, '0s']);
});

await test('a watch may last longer than a timer of Node', async () => {
  await using server = await startBareServer({ bookmarkMilliseconds: 20 });
  const watch = await server.watch(`${maps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=2147484`);
  assert.equal((await watch.next())['type'], 'BOOKMARK');
});

await test('a watch that has timed out ends, even for a slow reader', async () => {
  await using server = await startBareServer({ bookmarkMilliseconds: 1 });
  const data = { x: 'x'.repeat(900_000) };
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
    await server.send('POST', maps, configMap(name, { data }));
  const watch = await server.watch(`${maps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=0.05`);
  // Bookmarks become due in the meantime.
  await setTimeout(100);
  for (let count = 0; count < 6; count++) assert.equal((await watch.next())['type'], 'ADDED');
  assert.equal((await server.send('GET', `${maps}/a`)).body['kind'], 'ConfigMap');
});
