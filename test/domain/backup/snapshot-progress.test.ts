import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { snapshotProgress } from '#src/domain/backup/snapshot-progress.ts';
import { created, snapshot } from '#test/domain/objects.ts';

const being = snapshot('data-1', { readyToUse: true });
const deleted = { ...being, metadata: { ...being.metadata, deletionTimestamp: created } };
const of = (status: VolumeSnapshot['status']) => snapshot('data-1', status);

const rows: [what: string, Stored<VolumeSnapshot> | undefined, phase: string, message: string | undefined][] =
  [
    ['no snapshot', undefined, 'Pending', 'not created yet'],
    ['a new snapshot', of(undefined), 'Running', 'waiting for the snapshot controller'],
    ['a content', of({ boundVolumeSnapshotContentName: 'c' }), 'Running', 'waiting for the driver to cut it'],
    ['a cut', of({ creationTime: created }), 'Running', 'cut; waiting until it is ready to use'],
    [
      'an error',
      of({ creationTime: created, error: { message: 'full' } }),
      'Running',
      'driver reports: full',
    ],
    ['ready', of({ readyToUse: true }), 'Succeeded', undefined],
    ['ready after an error', of({ readyToUse: true, error: { message: 'full' } }), 'Succeeded', undefined],
    ['ready, and being deleted', deleted, 'Failed', 'volumesnapshot data-1 is being deleted'],
  ];

for (const [what, object, phase, message] of rows) {
  test(`${what}: ${phase}`, () => {
    const progress = snapshotProgress('data', object);
    assert.deepEqual([progress.phase, progress.message], [phase, message]);
  });
}
