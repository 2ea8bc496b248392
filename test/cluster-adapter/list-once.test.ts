/** What lists that many namespaces share leave out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  backupConfigurations,
  events,
  namespaces,
  persistentVolumeClaims,
  pods,
} from '#src/api/resources.ts';
import { byName } from '#src/cluster/by-name.ts';
import { find } from '#src/cluster/find.ts';
import { listOnce } from '#src/cluster/list-once.ts';

import { adapter } from './adapter.ts';
import { serve } from './serve.ts';

const namespace = 'demo';
const managedFields = [{ manager: 'kubectl-stash', operation: 'Update' }];

test('objects keep their managed fields where the caller reads them, and only there', async () => {
  const metadata = { name: 'data', namespace, uid: '1', resourceVersion: '2', managedFields };
  await using api = await serve(() => ({
    body: { metadata: { resourceVersion: '3' }, items: [{ metadata }] },
  }));
  const cluster = listOnce(adapter(api.url), { withManagers: [backupConfigurations] });
  const [configuration] = (await cluster.list(backupConfigurations, { namespace })).items;
  assert.deepEqual(configuration?.metadata.managedFields, managedFields);
  const [claim] = (await cluster.list(persistentVolumeClaims, { namespace })).items;
  assert.equal(claim?.metadata.name, 'data');
  assert.equal(claim.metadata.managedFields, undefined);
});

const object = (name: string, of: string) => ({
  metadata: { name, namespace: of, uid: name, resourceVersion: '2' },
});

test('what is listed is not asked for again by name', async () => {
  const items = [object('data', 'a'), object('data', 'b')];
  await using api = await serve(() => ({ body: { metadata: { resourceVersion: '3' }, items } }));
  const cluster = listOnce(adapter(api.url));
  await cluster.list(persistentVolumeClaims, { namespace: 'a' });
  const named = await cluster.list(persistentVolumeClaims, byName({ name: 'data', namespace: 'b' }));
  assert.deepEqual(
    named.items.map(({ metadata }) => metadata.namespace),
    ['b'],
  );
  const none = await cluster.list(persistentVolumeClaims, byName({ name: 'dat', namespace: 'b' }));
  assert.deepEqual(none.items, []);
  assert.equal(
    (await find(cluster, persistentVolumeClaims, { name: 'data', namespace: 'a' }))?.kind,
    'PersistentVolumeClaim',
  );
  assert.equal(api.asked.length, 1);
});

test('lists with the same selector in each namespace are one list, those of other kinds are not', async () => {
  await using api = await serve(() => ({
    body: { metadata: {}, items: [object('x', 'a'), object('y', 'b')] },
  }));
  const cluster = listOnce(adapter(api.url), { alike: [events] });
  for (const each of ['a', 'b']) {
    const { items } = await cluster.list(events, { namespace: each, fieldSelector: 'type=Warning' });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.namespace),
      [each],
    );
    await cluster.list(pods, { namespace: each, labelSelector: 'app=web' });
  }
  assert.deepEqual(
    api.asked.map(({ path }) => path.split('?')[0]),
    ['/api/v1/events', '/api/v1/namespaces/a/pods', '/api/v1/namespaces/b/pods'],
  );
});

test('where the user may list each namespace only, each is listed', async () => {
  await using api = await serve(({ path }) =>
    path.startsWith('/api/v1/events')
      ? { code: 403, body: { kind: 'Status', reason: 'Forbidden', code: 403 } }
      : { body: { metadata: {}, items: [object('x', 'a')] } },
  );
  const cluster = listOnce(adapter(api.url), { alike: [events] });
  const { items } = await cluster.list(events, { namespace: 'a', fieldSelector: 'type=Warning' });
  assert.equal(items.length, 1);
  assert.equal(api.asked.length, 2);
});

test('a kind with a reader is listed by it', async () => {
  await using api = await serve(() => ({ body: {} }));
  const read = {
    resourceVersion: '7',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'a', uid: '1', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
      },
    ],
  };
  const cluster = listOnce(adapter(api.url), {
    readers: new Map([[namespaces, () => Promise.resolve(read)]]),
  });
  assert.deepEqual(await cluster.list(namespaces), read);
  assert.equal(api.asked.length, 0);
});
