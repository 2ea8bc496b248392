import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configMap, startBareServer, text, type Json } from '../bare-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };

function summary(event: Json): unknown[] {
  return [event['type'], event['object']?.['metadata']?.['name']];
}

await test('a watch from a list misses nothing and repeats nothing', async () => {
  await using server = await startBareServer();
  await server.send('POST', maps, configMap('before'));
  const { body: list } = await server.send('GET', maps);
  await server.send('POST', maps, configMap('between'));
  const version = text(list['metadata']?.['resourceVersion']);
  const watch = await server.watch(`${maps}?watch=true&resourceVersion=${version}`);
  await server.send('PATCH', `${maps}/before`, { data: { x: '1' } }, merge);
  await server.send('DELETE', `${maps}/between`);
  assert.deepEqual([await watch.next(), await watch.next(), await watch.next()].map(summary), [
    ['ADDED', 'between'],
    ['MODIFIED', 'before'],
    ['DELETED', 'between'],
  ]);
});

await test('without a version a watch begins with all that is there', async () => {
  await using server = await startBareServer();
  await server.send('POST', maps, configMap('a'));
  for (const query of ['watch=1', 'watch=1&resourceVersion=0']) {
    const watch = await server.watch(`${maps}?${query}`);
    assert.deepEqual(summary(await watch.next()), ['ADDED', 'a']);
    watch.close();
  }
});

await test('the initial events end with a bookmark that says so, and bookmarks follow', async () => {
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

await test('an object that leaves a selection is DELETED from its watch, and ADDED when it comes back', async () => {
  await using server = await startBareServer();
  const { body: list } = await server.send('GET', maps);
  const version = text(list['metadata']?.['resourceVersion']);
  const watch = await server.watch(`${maps}?watch=true&labelSelector=a%3Db&resourceVersion=${version}`);
  await server.send('POST', maps, configMap('x'));
  for (const a of ['b', 'c', 'b'])
    await server.send('PATCH', `${maps}/x`, { metadata: { labels: { a } } }, merge);
  assert.deepEqual([await watch.next(), await watch.next(), await watch.next()].map(summary), [
    ['ADDED', 'x'],
    ['DELETED', 'x'],
    ['ADDED', 'x'],
  ]);
});

await test('a watch ends when its time is over', async () => {
  await using server = await startBareServer();
  const short = await server.watch(`${maps}?watch=true&timeoutSeconds=0`);
  assert.equal(await short.next(), undefined);
});

await test('a watch can show table rows', async () => {
  await using server = await startBareServer();
  await server.send('POST', maps, configMap('a', { data: { x: '1' } }));
  const watch = await server.watch(`${maps}?watch=true`, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const event = await watch.next();
  assert.deepEqual([event['type'], event['object']?.['kind']], ['ADDED', 'Table']);
  assert.deepEqual(event['object']?.['rows']?.[0]?.['cells'], ['a', 1, '0s']);
});
