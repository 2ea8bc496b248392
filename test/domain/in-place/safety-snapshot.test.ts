import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { beforeAgain, beforeName, safetyOf, type SafetyScene } from '#src/domain/in-place/safety-snapshot.ts';
import { backupSession, snapshot } from '#test/domain/objects.ts';

import { inPlaceRecord } from './in-place-session.ts';

const before = 'before-restore-sts-db';
const record = inPlaceRecord({ before });

function taken(changes: Partial<VolumeSnapshot['metadata']> = {}, readyToUse = true): Stored<VolumeSnapshot> {
  const it = snapshot('data-db-0-1', { readyToUse });
  return {
    ...it,
    metadata: { ...it.metadata, annotations: { [annotation.sessionName]: before }, ...changes },
    spec: { source: { persistentVolumeClaimName: 'data-db-0' } },
  };
}

function scene(snapshots: readonly Stored<VolumeSnapshot>[], backup?: Stored<BackupSession>): SafetyScene {
  return { record, backup, snapshots: new Map(snapshots.map((each) => [each.metadata.name, each])) };
}

const done = backupSession({ phase: 'Succeeded' });
const failed = (why: string) => ({ failed: why });
const lacking = failed(`backupsession/${before} has no snapshot of claim data-db-0 that is ready`);
const table: readonly [name: string, scene: SafetyScene, safety: ReturnType<typeof safetyOf>][] = [
  ['none is wanted', { ...scene([]), record: inPlaceRecord() }, 'not-wanted'],
  ['it is not begun', scene([]), 'open'],
  ['it runs', scene([taken()], backupSession({ phase: 'Running' })), 'open'],
  ['it is ready', scene([taken()], done), 'ready'],
  ['its session was deleted, its snapshots are ready', scene([taken()]), 'ready'],
  ['a snapshot is not ready', scene([taken({}, false)], done), lacking],
  ['a snapshot is gone', scene([], done), lacking],
  [
    'a snapshot is being deleted',
    scene([taken({ deletionTimestamp: '2026-03-14T03:00:00Z' })], done),
    lacking,
  ],
  ['a snapshot is of another session', scene([taken({ annotations: {} })], done), lacking],
  [
    'an operator skipped it',
    scene([], backupSession({ phase: 'Skipped' })),
    failed(`the snapshot before the restore, backupsession/${before}, was not taken: it is Skipped`),
  ],
];

for (const [name, world, safety] of table) {
  test(`the snapshot before a restore: ${name}`, () => {
    assert.deepEqual(safetyOf(world), safety);
  });
}

test('another one gets the next name, however long the name of the restore is', () => {
  for (const session of ['restore-sts-db', `restore-sts-${'x'.repeat(241)}`]) {
    const first = beforeName(session);
    const names = [first, beforeAgain(session, first), beforeAgain(session, beforeAgain(session, first))];
    assert.deepEqual(names, [first, `${first}-2`, `${first}-3`]);
    assert(names.every((name) => name.length <= 253));
  }
});
