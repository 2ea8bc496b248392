import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listOf, text, type Json } from '#test/support/json-client.ts';

import { openApi } from './open-api.ts';
import { idle, mergePatch, metadataOf, unbound } from './requests.ts';

const api = await openApi();
const maps = api.at('v1', 'configmaps');
const sessions = api.at('stash.appscode.com/v1beta1', 'backupsessions');
const asTable = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

async function version(): Promise<string> {
  return text(metadataOf(await api.send('GET', maps))['resourceVersion']);
}

function summary(event: Json): unknown {
  return [event['type'], event['object']?.['metadata']?.['name']];
}

test('a watch that continues a list misses and repeats nothing', async () => {
  await api.send('POST', maps, { metadata: { name: 'before' } });
  const from = await version();
  await api.send('POST', maps, { metadata: { name: 'between' } });
  const watch = await api.watch(`${maps}?watch=true&resourceVersion=${from}`);
  await api.send('PATCH', `${maps}/before`, { data: { x: '1' } }, mergePatch);
  const { body } = await api.send('DELETE', `${maps}/between`);
  const events = [await watch.next(), await watch.next(), await watch.next()];
  watch.close();
  assert.deepEqual(events.map(summary), [
    ['ADDED', 'between'],
    ['MODIFIED', 'before'],
    ['DELETED', 'between'],
  ]);
  assert.equal(events[2]?.['object']?.['metadata']?.['uid'], body['details']?.['uid']);
  const versions = events.map((event) => Number(event['object']?.['metadata']?.['resourceVersion']));
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
});

test('a watch without a version starts with the existing objects; a bookmark can mark their end', async () => {
  await api.send('POST', maps, { metadata: { name: 'present' } });
  const only = 'watch=true&fieldSelector=metadata.name%3Dpresent';
  for (const query of [only, `${only}&resourceVersion=0`]) {
    const watch = await api.watch(`${maps}?${query}`);
    assert.deepEqual(summary(await watch.next()), ['ADDED', 'present']);
    watch.close();
  }
  const initial = 'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  const watch = await api.watch(`${maps}?${only}&${initial}`);
  assert.deepEqual(summary(await watch.next()), ['ADDED', 'present']);
  const bookmark = await watch.next();
  watch.close();
  assert.deepEqual(
    [bookmark['type'], bookmark['object']?.['kind'], bookmark['object']?.['metadata']?.['annotations']],
    ['BOOKMARK', 'ConfigMap', { 'k8s.io/initial-events-end': 'true' }],
  );
  assert.match(text(bookmark['object']?.['metadata']?.['resourceVersion']), /^\d+$/);
});

test('an object that no longer matches the selector is DELETED from a watch, and ADDED when it matches again', async () => {
  const from = await version();
  const watch = await api.watch(`${maps}?watch=true&labelSelector=a%3Db&resourceVersion=${from}`);
  await api.send('POST', maps, { metadata: { name: 'wanders' } });
  for (const a of ['b', 'c', 'b'])
    await api.send('PATCH', `${maps}/wanders`, { metadata: { labels: { a } } }, mergePatch);
  assert.deepEqual([await watch.next(), await watch.next(), await watch.next()].map(summary), [
    ['ADDED', 'wanders'],
    ['DELETED', 'wanders'],
    ['ADDED', 'wanders'],
  ]);
  watch.close();
});

// Version 1 predates this kind, and no server keeps its history.
test('a version that is too old is Expired, within the stream', async () => {
  const watch = await api.watch(`${sessions}?watch=true&resourceVersion=1`);
  const { type, object } = await watch.next();
  assert.deepEqual(
    [type, object?.['kind'], object?.['code'], object?.['reason']],
    ['ERROR', 'Status', 410, 'Expired'],
  );
  assert.match(text(object?.['message']), /^too old resource version: 1 \(\d+\)$/);
  assert.equal(await watch.next(), undefined);
});

test('a watch ends at its timeout', async () => {
  const from = await version();
  const watch = await api.watch(
    `${maps}?watch=true&resourceVersion=${from}&fieldSelector=metadata.name%3Dnobody&timeoutSeconds=1`,
  );
  assert.equal(await watch.next(), undefined);
});

test('selectors match labels and fields, in lists and in collection deletes', async () => {
  const labelled = { a: { app: 'x' }, b: { app: 'y', tier: 'db' }, c: { other: '1' } };
  for (const [name, labels] of Object.entries(labelled))
    await api.send('POST', maps, { metadata: { name, labels: { ...labels, chosen: 'yes' } } });
  const rows: [labelSelector: string, fieldSelector: string, names: string[]][] = [
    ['app=x', '', ['a']],
    ['app==x', '', ['a']],
    ['app!=x', '', ['b', 'c']],
    ['app', '', ['a', 'b']],
    ['!app', '', ['c']],
    ['app in (x,y),tier', '', ['b']],
    ['app in ( x , y )', '', ['a', 'b']],
    ['app notin (x)', '', ['b', 'c']],
    ['', 'metadata.name=b', ['b']],
    ['', `metadata.name!=b,metadata.namespace=${api.namespace}`, ['a', 'c']],
    ['app', 'metadata.name!=a', ['b']],
  ];
  const namesOf = async (labelSelector: string, fieldSelector: string): Promise<string[]> => {
    const selected = ['chosen', labelSelector].filter(Boolean).join(',');
    const query = new URLSearchParams({ labelSelector: selected, fieldSelector });
    const { body } = await api.send('GET', `${maps}?${query.toString()}`);
    return listOf(body['items']).map(({ metadata }) => text(metadata?.['name']));
  };
  for (const [label, field, names] of rows)
    assert.deepEqual(await namesOf(label, field), names, label + field);
  const deleted = await api.send('DELETE', `${maps}?labelSelector=chosen,app`);
  assert.equal(deleted.body['kind'], 'ConfigMapList');
  assert.deepEqual(await namesOf('', ''), ['c']);
});

test('tables: the columns of each kind, their types, and those for -o wide only', async () => {
  const stash = 'stash.appscode.com/v1beta1';
  const workload = 'Name Ready';
  const rows: [path: string, columns: string][] = [
    [api.at('v1', 'pods'), 'Name Ready Status Restarts Age (IP) (Node) (Nominated Node) (Readiness Gates)'],
    [
      api.at('v1', 'persistentvolumeclaims'),
      'Name Status Volume Capacity Access Modes StorageClass VolumeAttributesClass Age (VolumeMode)',
    ],
    [
      api.at('apps/v1', 'deployments'),
      `${workload} Up-to-date Available Age (Containers) (Images) (Selector)`,
    ],
    [api.at('apps/v1', 'statefulsets'), `${workload} Age (Containers) (Images)`],
    [
      api.at('apps/v1', 'replicasets'),
      'Name Desired:integer Current:integer Ready:integer Age (Containers) (Images) (Selector)',
    ],
    [
      api.at('apps/v1', 'daemonsets'),
      'Name Desired:integer Current:integer Ready:integer Up-to-date:integer Available:integer Node Selector Age ' +
        '(Containers) (Images) (Selector)',
    ],
    ['/api/v1/namespaces', 'Name Status Age'],
    [
      '/api/v1/persistentvolumes',
      'Name Capacity Access Modes Reclaim Policy Status Claim StorageClass VolumeAttributesClass Reason Age (VolumeMode)',
    ],
    [
      '/apis/storage.k8s.io/v1/storageclasses',
      'Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age',
    ],
    [maps, 'Name Data Age'],
    [
      api.at('snapshot.storage.k8s.io/v1', 'volumesnapshots'),
      'Name ReadyToUse:boolean SourcePVC SourceSnapshotContent RestoreSize SnapshotClass SnapshotContent ' +
        'CreationTime:date Age:date',
    ],
    [api.at(stash, 'backupconfigurations'), 'Name Task Schedule Paused:boolean Phase Age:date'],
    [sessions, 'Name Invoker-Type Invoker-Name Phase Duration Age:date'],
    [api.at(stash, 'restoresessions'), 'Name Repository Phase Duration Age:date'],
  ];
  for (const [path, columns] of rows) {
    const { body } = await api.send('GET', path, undefined, asTable);
    assert.deepEqual([body['kind'], body['apiVersion']], ['Table', 'meta.k8s.io/v1']);
    const shown = listOf(body['columnDefinitions']).map(({ name, type, priority }) => {
      const typed = text(type) === 'string' ? text(name) : `${text(name)}:${text(type)}`;
      return Number(priority) === 0 ? typed : `(${typed})`;
    });
    assert.equal(shown.join(' '), columns, path);
    assert.equal(text(body['columnDefinitions']?.[0]?.['format']), 'name');
  }
});

test('tables: the cells of a row, and how much of the object it contains', async () => {
  const metadata = { name: 'row' };
  const rows: [path: string, object: object, cells: unknown[]][] = [
    [maps, { metadata, data: { x: '1' } }, ['row', 1, '0s']],
    [
      api.at('v1', 'persistentvolumeclaims'),
      { metadata, spec: unbound() },
      ['row', 'Pending', '', '', '', 'nobody-binds-it', '<unset>', '0s', 'Filesystem'],
    ],
    [
      api.at('apps/v1', 'deployments'),
      { metadata, spec: idle() },
      ['row', '0/0', 0, 0, '0s', 'c', 'busybox', 'app=idle'],
    ],
    [
      api.at('apps/v1', 'statefulsets'),
      { metadata, spec: idle({ serviceName: 's' }) },
      ['row', '0/0', '0s', 'c', 'busybox'],
    ],
    [
      sessions,
      {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'BackupSession',
        metadata,
        spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'x' } },
      },
      ['row', 'BackupConfiguration', 'x', null, null, '0s'],
    ],
  ];
  for (const [path, object, cells] of rows) {
    assert.equal((await api.send('POST', path, object)).code, 201, path);
    const { body } = await api.send('GET', `${path}/row`, undefined, asTable);
    const ageless = (all: unknown[]) =>
      all.map((cell) => (typeof cell === 'string' && /^\d+s$/.test(cell) ? 'AGE' : cell));
    assert.deepEqual(ageless(listOf(body['rows']?.[0]?.['cells'])), ageless(cells));
  }
  const objects: [query: string, kind: unknown, data: unknown][] = [
    ['', 'PartialObjectMetadata', undefined],
    ['?includeObject=Metadata', 'PartialObjectMetadata', undefined],
    ['?includeObject=Object', 'ConfigMap', { x: '1' }],
    ['?includeObject=None', undefined, undefined],
  ];
  for (const [query, kind, data] of objects) {
    const { body } = await api.send('GET', `${maps}/row${query}`, undefined, asTable);
    const object = body['rows']?.[0]?.['object'];
    assert.deepEqual([object?.['kind'], object?.['data']], [kind, data], query);
  }
});

test('metadata only', async () => {
  await api.send('POST', maps, { metadata: { name: 'partly', labels: { partly: 'yes' } }, data: { x: '1' } });
  const as = (kind: string) => ({
    accept: `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`,
  });
  const one = await api.send('GET', `${maps}/partly`, undefined, as('PartialObjectMetadata'));
  assert.deepEqual(
    [one.body['kind'], one.body['apiVersion'], one.body['data'], metadataOf(one)['name']],
    ['PartialObjectMetadata', 'meta.k8s.io/v1', undefined, 'partly'],
  );
  const many = `${maps}?labelSelector=partly`;
  const { body } = await api.send('GET', many, undefined, as('PartialObjectMetadataList'));
  const items = listOf(body['items']);
  assert.deepEqual([body['kind'], items.length], ['PartialObjectMetadataList', 1]);
  assert.deepEqual([items[0]?.['kind'], items[0]?.['data']], ['PartialObjectMetadata', undefined]);
});
