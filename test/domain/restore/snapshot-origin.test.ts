import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored, VolumeSnapshotClass, VolumeSnapshotContent } from '#src/api/kubernetes.ts';
import { originOf, recordFor, type Contents } from '#src/domain/restore/snapshot-origin.ts';
import { claim, stored } from '#test/domain/objects.ts';
import { at, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

const permission = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';

function contents(spec: object = {}, annotations?: Record<string, string>): Contents {
  const content = stored<VolumeSnapshotContent>({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'content', ...(annotations && { annotations }) },
    spec: { driver: 'csi.of-content', deletionPolicy: 'Delete', source: {}, ...spec } as never,
  });
  return new Map([['content', content]]);
}
const classes = ['other', 'csi'].map((name) =>
  stored<VolumeSnapshotClass>({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name },
    driver: `csi.of-${name}`,
    deletionPolicy: 'Delete',
  }),
);
const bound = { readyToUse: true, boundVolumeSnapshotContentName: 'content' };
const block = { sourceVolumeMode: 'Block' };

test('the content knows the volume best, then the class its driver, and the record of the claim its mode', () => {
  const mine = snapshotOf('s-1', 'data', { status: bound, source: { volumeMode: 'Block' } });
  const foreign = foreignSnapshot('data', { status: bound });
  const none: Contents = new Map();
  const rows: [args: Parameters<typeof originOf>, driver: string | undefined, mode: string | undefined][] = [
    [[foreign, classes, contents(block)], 'csi.of-content', 'Block'],
    [[mine, classes, contents({ sourceVolumeMode: 'Filesystem' })], 'csi.of-content', 'Filesystem'],
    [[mine, classes, contents()], 'csi.of-content', 'Block'],
    [[mine, classes, none], 'csi.of-csi', 'Block'],
    [[foreign, classes, none], 'csi.of-csi', undefined],
    [[foreign, undefined, none], undefined, undefined],
    [[foreign, [], none], undefined, undefined],
    [[foreignSnapshot('data', { status: {} }), classes, contents(block)], 'csi.of-csi', undefined],
    [[{ ...foreign, status: undefined } as never, classes, contents(block)], 'csi.of-csi', undefined],
  ];
  for (const [args, driver, mode] of rows) {
    const origin = originOf(...args);
    assert.deepEqual([origin.driver, origin.volumeMode], [driver, mode]);
  }
});

test('an administrator allows another volumeMode with a word that Go takes for true', () => {
  const rows: [text: string | undefined, may: boolean][] = [
    ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as [string, boolean]),
    ...['0', '', 'yes', 'tRUE', 'true ', 'untrue'].map((text) => [text, false] as [string, boolean]),
    [undefined, false],
  ];
  const snapshot = foreignSnapshot('data', { status: bound });
  for (const [text, may] of rows) {
    const known = contents({}, text === undefined ? undefined : { [permission]: text });
    assert.equal(originOf(snapshot, [], known).mayChangeMode, may, text ?? 'none');
  }
  assert.equal(originOf(snapshot, [], contents({}, { other: 'true' })).mayChangeMode, false);
  assert.equal(originOf(snapshot, [], new Map()).mayChangeMode, undefined);
});

test('the claim tells how it was, if it existed before the snapshot; else the content tells the mode', () => {
  const snapshot = foreignSnapshot('data', { created: at(60), status: bound });
  const made = (seconds: number, name = 'data') => {
    const object = claim(name);
    return { ...object, metadata: { ...object.metadata, creationTimestamp: at(seconds) } };
  };
  const whole = made(0);
  whole.spec.storageClassName = 'fast';
  whole.spec.volumeMode = 'Filesystem';
  const bare: Stored<typeof whole> = { ...made(0), spec: {}, status: {} };
  const present = { present: true, accessModes: ['ReadWriteOnce'], storage: '1Gi' };
  const rows: [claims: (typeof whole)[], contents: Contents, record: object | undefined][] = [
    [
      [made(0, 'logs'), whole],
      contents(block),
      { ...present, storageClassName: 'fast', volumeMode: 'Filesystem' },
    ],
    [[made(60)], contents(block), present],
    [[bare], contents(block), { present: true }],
    [[made(61)], contents(block), { present: false, volumeMode: 'Block' }],
    [[], contents(block), { present: false, volumeMode: 'Block' }],
    [[made(61)], contents(), undefined],
    [[], new Map(), undefined],
  ];
  for (const [claims, known, record] of rows) {
    assert.deepEqual(recordFor(snapshot, claims, known), record);
  }
});
