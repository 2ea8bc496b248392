import assert from 'node:assert/strict';
import { test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { alsoStopped, formatRecord, readRecord, type InPlaceRecord } from '#src/domain/in-place/record.ts';
import { formatSwapped, readSwapped, type SwappedVolume } from '#src/domain/in-place/swapped-volume.ts';

const claim = { name: 'data', uid: 'u', volume: 'pv-old', staged: 'data-stash-abc123', incoming: 'pv-new' };
const record: InPlaceRecord = {
  ...{ v: 1, method: 'swap', stop: 'scale', stopping: true, replicas: 0, pause: true },
  ...{ volumesOf: 'restore-1', abandoned: false, why: 'the new volume is in another zone', claims: [claim] },
};

function session(text?: string) {
  const annotations = text === undefined ? {} : { [annotation.inPlace]: text };
  return { apiVersion: 'stash.appscode.com/v1beta1', kind: 'RestoreSession', metadata: { annotations } };
}

test('a record is read as it was written', () => {
  assert.deepEqual(readRecord(session(formatRecord(record))), record);
  const { v, method, stop, volumesOf } = record;
  const { name, uid, volume } = claim;
  const least: InPlaceRecord = { v, method, stop, volumesOf, claims: [{ name, uid, volume }] };
  assert.deepEqual(readRecord(session(formatRecord(least))), least);
  const others: InPlaceRecord = { ...least, ...alsoStopped([{ kind: 'Deployment', name: 'report' }]) };
  assert.deepEqual(others.also, ['deployment/report']);
  assert.deepEqual(readRecord(session(formatRecord(others))), others);
  const claims = [{ name, uid, volume, snapshot: 'data-1' }];
  const recreate: InPlaceRecord = { ...least, method: 'recreate', before: 'before-restore-1', claims };
  assert.deepEqual(readRecord(session(formatRecord(recreate))), recreate);
});

const brokenRecords: readonly [string, object][] = [
  ['of a later version', { v: 2 }],
  ['of another method', { method: 'copy' }],
  [
    'that recreates claims without a snapshot from before',
    { method: 'recreate', claims: [{ ...claim, snapshot: 's' }] },
  ],
  ['that recreates claims from no snapshot', { method: 'recreate', before: 'b' }],
  ['with an empty snapshot from before', { before: '' }],
  ['of another way to stop', { stop: 'drain' }],
  ['without a way to stop', { stop: undefined }],
  ['whose replicas are no number', { replicas: '3' }],
  ['whose replicas are negative', { replicas: -1 }],
  ['whose replicas are a fraction', { replicas: 0.5 }],
  ['whose marks are no booleans: stopping', { stopping: 'true' }],
  ['whose marks are no booleans: pause', { pause: 1 }],
  ['whose marks are no booleans: abandoned', { abandoned: 'yes' }],
  ['with an empty reason', { why: '' }],
  ['whose other workloads are no list', { also: 'deployment/report' }],
  ['with another workload that has no name', { also: [''] }],
  ['without the session of its volumes', { volumesOf: '' }],
  ['without claims', { claims: [] }],
  ['whose claims are no list', { claims: { 0: claim } }],
  ['with a claim that is null', { claims: [null] }],
  ['with too many claims', { claims: Array.from({ length: 10_001 }, () => claim) }],
  ...(['name', 'uid', 'volume'] as const).flatMap((field): [string, object][] => [
    [`whose claim has no ${field}`, { claims: [{ ...claim, [field]: undefined }] }],
    [`whose claim has an empty ${field}`, { claims: [{ ...claim, [field]: '' }] }],
  ]),
  ...(['staged', 'incoming'] as const).map((field): [string, object] => [
    `whose claim has a ${field} that is no text`,
    { claims: [{ ...claim, [field]: 7 }] },
  ]),
];

for (const [which, change] of brokenRecords) {
  test(`a record ${which} cannot be read`, () => {
    assert.equal(readRecord(session(JSON.stringify({ ...record, ...change }))), undefined);
  });
}

test('what is no record cannot be read', () => {
  for (const text of [undefined, '', '{', 'null', '[]', '"text"', '7'])
    assert.equal(readRecord(session(text)), undefined, String(text));
});

const swapped: SwappedVolume = {
  ...{ session: 'restore-1', namespace: 'shop', claim: 'data', target: { kind: 'StatefulSet', name: 'db' } },
  ...{ role: 'kept', policy: 'Delete', since: '2026-03-14T03:00:00Z' },
  manifest: { metadata: { labels: { app: 'db' } }, spec: { accessModes: ['ReadWriteOnce'] } },
};

function volume(text?: string) {
  const annotations = text === undefined ? {} : { [annotation.swap]: text };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { annotations }, spec: {} };
}

test('what a volume says of itself is read as it was written', () => {
  assert.deepEqual(readSwapped(volume(formatSwapped(swapped))), swapped);
  const { session, namespace, claim, target, since } = swapped;
  const incoming = { session, namespace, claim, target, since, role: 'incoming', policy: 'Retain' } as const;
  assert.deepEqual(readSwapped(volume(formatSwapped(incoming))), incoming);
});

const brokenVolumes: readonly [string, object][] = [
  ...(['session', 'namespace', 'claim', 'since'] as const).flatMap((field): [string, object][] => [
    [`no ${field}`, { [field]: undefined }],
    [`an empty ${field}`, { [field]: '' }],
    [`a ${field} that is no text`, { [field]: 7 }],
  ]),
  ['no target', { target: undefined }],
  ['a target of no kind', { target: { name: 'db' } }],
  ['a target of a kind that runs no pods of claims', { target: { kind: 'Service', name: 'db' } }],
  ['a target without a name', { target: { kind: 'StatefulSet' } }],
  ['another role', { role: 'spare' }],
  ['another policy', { policy: 'Keep' }],
  ['a manifest that is a list', { manifest: [] }],
  ['a manifest without metadata', { manifest: { spec: {} } }],
  ['a manifest without spec', { manifest: { metadata: {} } }],
  ['a manifest whose spec is null', { manifest: { metadata: {}, spec: null } }],
];

for (const [what, change] of brokenVolumes) {
  test(`a volume that says ${what} of itself says nothing`, () => {
    assert.equal(readSwapped(volume(JSON.stringify({ ...swapped, ...change }))), undefined);
  });
}

test('a volume without the annotation, or with something else in it, says nothing', () => {
  for (const text of [undefined, '', '{', 'null', '[]', '7'])
    assert.equal(readSwapped(volume(text)), undefined, String(text));
});
