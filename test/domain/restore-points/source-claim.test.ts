import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PersistentVolumeClaim } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { buildBackupSession, buildConfiguration, buildSnapshot } from '#src/domain/backup/build-backup.ts';
import { fitAnnotations } from '#src/domain/restore-points/claim-annotations.ts';
import { snapshotTakenAt } from '#src/domain/restore-points/snapshot-taken-at.ts';
import {
  inWords,
  readSessionClaims,
  readSourceClaim,
  sourceClaimOf,
} from '#src/domain/restore-points/source-claim.ts';

import { claim, created, snapshot, stored, target } from '../objects.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function annotated(annotations: Record<string, string>): PersistentVolumeClaim {
  const object = claim('data');
  return { ...object, metadata: { ...object.metadata, annotations } };
}

test('a snapshot records all fields of its claim that a user wrote, and its volume', () => {
  const wiki: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'wiki-data',
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        'meta.helm.sh/release-name': 'wiki',
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        'volume.kubernetes.io/selected-node': 'node-1',
        'volume.kubernetes.io/storage-provisioner': 'csi.example.com',
        'volume.kubernetes.io/storage-resizer': 'csi.example.com',
        'volume.beta.kubernetes.io/storage-provisioner': 'csi.example.com',
        [annotation.restoreSessionUid]: 'uid-of-an-older-restore',
      },
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'fast',
      volumeAttributesClassName: 'silver',
      volumeMode: 'Block',
      volumeName: 'pvc-1',
      resources: { requests: { storage: '1Gi' } },
    },
  };
  assert.deepEqual(sourceClaimOf(wiki, 'handle-1'), {
    storageClassName: 'fast',
    volumeAttributesClassName: 'silver',
    storage: '1Gi',
    accessModes: ['ReadWriteMany'],
    volumeMode: 'Block',
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    volume: 'pvc-1',
    volumeHandle: 'handle-1',
    annotations: { 'meta.helm.sh/release-name': 'wiki' },
  });
});

test('a storage class in the annotation takes precedence over the field, and is restored as the field', () => {
  const old = annotated({ 'volume.beta.kubernetes.io/storage-class': 'old' });
  const { storageClassName, annotations } = sourceClaimOf(old);
  assert.deepEqual([storageClassName, annotations], ['old', undefined]);
});

for (const [what, requested, capacity, expected] of [
  ['an expansion that is pending', '5Gi', '1Gi', '5Gi'],
  ['a volume larger than asked for', '1Gi', '4Gi', '4Gi'],
  ['a volume of the size that was asked for in another unit', '1024Mi', '1Gi', '1024Mi'],
] as const) {
  test(`the size of ${what} is the larger one`, () => {
    const { metadata, spec } = claim('data');
    const resources = { requests: { storage: requested } };
    const status = { phase: 'Bound', capacity: { storage: capacity } } as const;
    const object = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: { ...spec, resources },
      status,
    };
    assert.equal(sourceClaimOf(object).storage, expected);
  });
}

test('omits last-applied-configuration first, then the largest annotation, and records their names', () => {
  const kept = { note: 'x'.repeat(1_000) };
  const applied = sourceClaimOf(annotated({ ...kept, [lastApplied]: '"'.repeat(60_000) }));
  assert.deepEqual([applied.annotations, applied.leftOut], [kept, lastApplied]);
  const large = { one: 'x'.repeat(50_000), two: 'x'.repeat(40_000), [lastApplied]: 'small' };
  const both = sourceClaimOf(annotated({ ...kept, ...large }));
  assert.deepEqual(Object.keys(both.annotations ?? {}), ['note', 'two']);
  assert.equal(both.leftOut, `${lastApplied}, one`);
});

test('whatever annotations a claim has, those of its snapshot stay within the limit of the API server', () => {
  const invoker = stored(buildConfiguration(target));
  const session = stored(
    buildBackupSession({
      configuration: invoker,
      target,
      claims: ['data'],
      at: new Date(created),
      maker: { by: 'schedule' },
    }),
  );
  const key = fc.stringMatching(/^[a-z]{1,60}$/);
  const value = fc.tuple(fc.constantFrom('"', 'x', 'ü', '\u0001'), fc.nat({ max: 120_000 }));
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 5 }), (given) => {
      const annotations = Object.fromEntries(
        Object.entries(given).map(([name, [text, count]]) => [name, text.repeat(count)]),
      );
      const object = claim('data');
      const snapshot = buildSnapshot({
        ...{ session, target, sessionClaims: ['data'], nameTaken: false },
        planned: { claim: { ...object, metadata: { ...object.metadata, annotations } } },
      });
      const written = Object.entries(snapshot.metadata.annotations ?? {});
      const size = written.reduce((sum, [name, text]) => sum + Buffer.byteLength(name + text), 0);
      assert.ok(size < 256 * 1024, String(size));
      const source = readSourceClaim(snapshot);
      const isWhole = Object.keys(source?.annotations ?? {}).length === Object.keys(annotations).length;
      assert.equal(source?.leftOut === undefined, isWhole);
    }),
    { numRuns: 50 },
  );
});

test('a snapshot records nothing that its claim does not say', () => {
  const bare = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } };
  const rows: [claim: Omit<PersistentVolumeClaim, keyof typeof bare>, record: object][] = [
    [{ spec: {} }, {}],
    [{ spec: { resources: {} }, status: {} }, {}],
    [{ spec: { volumeAttributesClassName: '', storageClassName: '' } }, { storageClassName: '' }],
    [{ spec: { resources: { requests: { storage: '1Gi' } } }, status: {} }, { storage: '1Gi' }],
    [{ spec: {}, status: { capacity: { storage: '2Gi' } } }, { storage: '2Gi' }],
  ];
  for (const [fields, record] of rows) assert.deepEqual(sourceClaimOf({ ...bare, ...fields }), record);
});

test('kubectl writes its annotation again, so it goes first, whatever its place and size', () => {
  const [small, large] = [{ [lastApplied]: 'x' }, { note: 'x'.repeat(100), more: 'x'.repeat(50) }];
  for (const all of [
    { ...small, ...large },
    { ...large, ...small },
    { note: large.note, ...small, more: large.more },
  ]) {
    for (const [most, leftOut] of [
      [3, []],
      [2, [lastApplied]],
      [1, [lastApplied, 'note']],
      [0, [lastApplied, 'note', 'more']],
    ] as const) {
      const fitted = fitAnnotations(all, ({ annotations }) => Object.keys(annotations).length <= most);
      assert.deepEqual(fitted.leftOut, leftOut);
    }
  }
});

test('a list of names has three of them at most', () => {
  const rows: [names: string[], words: string][] = [
    [[], ''],
    [['a'], 'a'],
    [['a', 'b', 'c'], 'a, b, c'],
    [['a', 'b', 'c', 'd'], 'a, b, c and 1 more'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 more'],
  ];
  for (const [names, words] of rows) assert.equal(inWords(names), words);
});

test('a record that another wrote is read only where it is an object, or a list of names', () => {
  const read = (text: string | undefined) => {
    const made = snapshot('data');
    if (text === undefined) return [readSourceClaim(made), readSessionClaims(undefined)];
    made.metadata.annotations = { [annotation.sourceClaim]: text, [annotation.sessionClaims]: text };
    return [readSourceClaim(made), readSessionClaims(made.metadata.annotations)];
  };
  const rows: [text: string | undefined, source: object | undefined, claims: string[] | undefined][] = [
    [undefined, undefined, undefined],
    ['{', undefined, undefined],
    ['null', undefined, undefined],
    ['"data"', undefined, undefined],
    ['7', undefined, undefined],
    ['{"storage":"1Gi"}', { storage: '1Gi' }, undefined],
    ['["data"]', ['data'], ['data']],
    ['["data",1]', ['data', 1], undefined],
    ['[]', [], []],
  ];
  for (const [text, source, claims] of rows) assert.deepEqual(read(text), [source, claims], text ?? 'none');
});

test('a snapshot was taken when its object was created, an imported one when its driver says', () => {
  const earlier = '2026-01-01T00:00:00Z';
  const imported = { volumeSnapshotContentName: 'content' };
  const rows: [source: object, creationTime: string | undefined, expected: string][] = [
    [{ persistentVolumeClaimName: 'data' }, earlier, created],
    [imported, earlier, earlier],
    [imported, undefined, created],
  ];
  for (const [source, creationTime, expected] of rows) {
    const status = { readyToUse: true, ...(creationTime !== undefined && { creationTime }) };
    const made = { ...snapshot('x', status), spec: { source } };
    assert.deepEqual(snapshotTakenAt(made), new Date(expected));
  }
  assert.deepEqual(snapshotTakenAt({ ...snapshot('x'), spec: { source: imported } }), new Date(created));
});
